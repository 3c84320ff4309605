import { closeSync, readFileSync, writeSync } from 'node:fs';
import { EngineError, messageOf } from '../base/errors.ts';
import { asFd, type Fd } from './fd.ts';
import { ShimProcess } from './shim-process.ts';
import { isErrno, syscall } from './syscall.ts';

const sysMemfdCreate = syscall('memfd_create', 'path', 'uint');
const sysFcntl = syscall('fcntl', 'int', 'int', 'int');

/** include/uapi/linux/memfd.h; MFD_EXEC since Linux 6.3 */
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const MFD_EXEC = 16;
/** include/uapi/linux/fcntl.h: no more seals, no change of size or content. */
const F_ADD_SEALS = 1033;
const SEALED = 0x1 | 0x2 | 0x4 | 0x8;

/** Longer than a container takes to start. */
const REFILL_MS = 20;

/**
 * The shim's program in memory that nothing can write to, whatever it reaches through /proc/PID/exe (CVE-2019-5736). All
 * shims of a daemon run from one, so that they share its pages.
 */
export interface ShimImage extends Disposable {
  /** What to execute; good in this process's children until they exec. */
  readonly path: string;
  /** A fresh shim. One is kept started ahead (0.2 MB), because starting takes Node a millisecond. Throws `system`. */
  take(): ShimProcess;
}

/** Loads the program at `path` into a sealed memfd. The running shims keep it alive after it is disposed of. */
export function openShimImage(path: string): ShimImage {
  const program = readFileSync(path);
  const fd = createMemfd();
  try {
    writeAll(fd, program);
    sysFcntl(fd, F_ADD_SEALS, SEALED);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return new SealedImage(fd);
}

class SealedImage implements ShimImage {
  readonly path: string;
  readonly #fd: Fd;
  #spare: ShimProcess | undefined;
  #disposed = false;

  constructor(fd: Fd) {
    this.#fd = fd;
    this.path = `/proc/self/fd/${fd}`;
    this.#refill();
  }

  take(): ShimProcess {
    const spare = this.#spare?.running ? this.#spare : startShim(this.path);
    this.#spare = undefined;
    spare.hold(true);
    // Not before the caller's request is on its way.
    setTimeout(() => this.#refill(), REFILL_MS).unref();
    return spare;
  }

  #refill(): void {
    if (this.#disposed || this.#spare?.running) return;
    try {
      this.#spare = new ShimProcess(this.path);
    } catch {
      return; // no memory, say: whoever takes the next one will be told
    }
    this.#spare.hold(false);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#spare?.letGo();
    closeSync(this.#fd);
  }
}

function startShim(path: string): ShimProcess {
  try {
    return new ShimProcess(path);
  } catch (error) {
    throw new EngineError('system', `cannot start a shim: ${messageOf(error)}`, { cause: error });
  }
}

function createMemfd(): Fd {
  const flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  try {
    return asFd(sysMemfdCreate('gantry-shim', flags | MFD_EXEC));
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return asFd(sysMemfdCreate('gantry-shim', flags));
    throw error;
  }
}

function writeAll(fd: Fd, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += writeSync(fd, bytes, at));
}
