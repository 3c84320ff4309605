import { constants } from 'node:os';

const FATAL = ['SIGINT', 'SIGTERM'] as const;
/** How many signals it takes to leave at once when ending in good order hangs. */
const PATIENCE = 3;

/** Turns SIGINT and SIGTERM into an aborted {@link AbortSignal}, so that commands end in good order. */
export class Interrupt {
  readonly #controller = new AbortController();
  #received = 0;
  #last: NodeJS.Signals | undefined;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#last = signal;
    if (++this.#received >= PATIENCE) process.exit(this.exitCode);
    this.#controller.abort();
  };

  constructor() {
    for (const signal of FATAL) process.on(signal, this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 128 and the signal's number; 130 when none has come. */
  get exitCode(): number {
    return 128 + constants.signals[this.#last ?? 'SIGINT'];
  }

  /** Leaves the signals to the caller from now on. */
  release(): void {
    for (const signal of FATAL) process.off(signal, this.#onSignal);
  }

  /** Takes the signals back. */
  resume(): void {
    this.release();
    for (const signal of FATAL) process.on(signal, this.#onSignal);
  }
}
