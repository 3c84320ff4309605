import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { EngineError, messageOf } from '../../base/errors.ts';

/** The open `--cidfile`; removed again when no ID was written. */
export class CidFile {
  readonly #path: string;
  readonly #fd: number;
  #written = false;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  write(id: string): void {
    writeSync(this.#fd, id);
    this.#written = true;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
    if (!this.#written) rmSync(this.#path, { force: true });
  }
}

/** Takes the file before the container is made, so that two never share one. Throws `invalid`, `conflict` when it exists. */
export function claimCidFile(path: string): CidFile | undefined {
  if (path === '') return undefined;
  if (existsSync(path)) {
    const problem = `container ID file found, make sure the other container isn't running or delete ${path}`;
    throw new EngineError('conflict', problem);
  }
  try {
    return new CidFile(path, openSync(path, 'wx', 0o666));
  } catch (error) {
    throw new EngineError('invalid', `failed to create the container ID file: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
