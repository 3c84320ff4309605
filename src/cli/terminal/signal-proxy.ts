import { isEngineError } from '../../base/errors.ts';
import type { Cli } from '../cli-context.ts';

/** Everything a program can catch and a person might send. */
const FORWARDED = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
] as const;

/** Hands the signals this program gets to the container instead, until disposed of. */
export class SignalProxy {
  readonly #cli: Cli;
  readonly #send: (signal: string) => Promise<void>;
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#send(signal.replace(/^SIG/, '')).catch((error: unknown) => {
      // The container may have ended in the meantime.
      if (!isEngineError(error)) throw error;
    });
  };

  constructor(cli: Cli, send: (signal: string) => Promise<void>) {
    this.#cli = cli;
    this.#send = send;
    cli.interrupt.release();
    for (const signal of FORWARDED) process.on(signal, this.#onSignal);
  }

  [Symbol.dispose](): void {
    for (const signal of FORWARDED) process.off(signal, this.#onSignal);
    this.#cli.interrupt.resume();
  }
}
