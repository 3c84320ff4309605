import { isEngineError } from '../../base/errors.ts';
import type { Cli } from '../cli-context.ts';

const FIRST_TRIES = 10;
const RETRY_MS = 10;

/** [height, width] of the terminal on stdout; zeros when there is none. */
export function terminalSize(cli: Cli): [height: number, width: number] {
  return cli.stdout.isTTY ? [cli.stdout.rows ?? 0, cli.stdout.columns ?? 0] : [0, 0];
}

/** Tells the daemon the terminal's size now and at every change, until disposed of. */
export class WindowSize {
  readonly #cli: Cli;
  readonly #resize: (height: number, width: number) => Promise<void>;
  readonly #onResize = (): void => {
    void this.#send();
  };

  constructor(cli: Cli, resize: (height: number, width: number) => Promise<void>) {
    this.#cli = cli;
    this.#resize = resize;
    process.on('SIGWINCH', this.#onResize);
    void this.#start();
  }

  [Symbol.dispose](): void {
    process.off('SIGWINCH', this.#onResize);
  }

  /** The process may not have its terminal yet when we are already told that it runs. */
  async #start(): Promise<void> {
    for (let attempt = 1; attempt <= FIRST_TRIES; attempt++) {
      if (await this.#send()) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt).unref());
    }
  }

  async #send(): Promise<boolean> {
    // The cached size is only refreshed by a listener of the stream itself, which may run after us.
    const [width, height] = this.#cli.stdout.getWindowSize();
    if (height === 0 && width === 0) return true;
    try {
      await this.#resize(height, width);
      return true;
    } catch (error) {
      // A process that has just ended has no size; whatever else is wrong will show elsewhere.
      if (isEngineError(error)) return false;
      throw error;
    }
  }
}
