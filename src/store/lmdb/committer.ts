import type { Tx } from '../store.ts';
import type { Environment } from './environment.ts';
import { Overlay } from './overlay.ts';
import { transactionOn } from './transaction.ts';

/** One waiting transaction: run it on the overlay, then tell its caller how the commit went. */
interface Waiting {
  readonly run: (group: Overlay) => void;
  readonly committed: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Group commit: while one group of transactions is being flushed, the next ones queue up; then they run one after
 * another, each on the outcome of those before it, and are flushed together. One that throws leaves no trace; when the
 * disk fails, all of the group are told.
 */
export class Committer {
  readonly #environment: Environment;
  readonly #onCorrupt: (error: unknown) => void;
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(environment: Environment, onCorrupt: (error: unknown) => void) {
    this.#environment = environment;
    this.#onCorrupt = onCorrupt;
  }

  submit<T>(work: (tx: Tx) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined;
      const run = (group: Overlay): void => {
        const own = new Overlay(group);
        result = { value: work(transactionOn(own, this.#onCorrupt)) };
        for (const { bucket, key, text } of own.writes()) group.set(bucket, key, text);
      };
      const committed = (): void => {
        if (result) resolve(result.value);
      };
      this.#queue.push({ run, committed, failed: reject });
      this.#running ??= this.#drain();
    });
  }

  /** Resolves when nothing is queued or being flushed. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #drain(): Promise<void> {
    // Those who call in the same turn share the first flush.
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commitGroup(this.#queue.splice(0));
    this.#running = undefined;
  }

  async #commitGroup(group: readonly Waiting[]): Promise<void> {
    const overlay = new Overlay(this.#environment);
    const succeeded: Waiting[] = [];
    for (const waiting of group) {
      try {
        waiting.run(overlay);
        succeeded.push(waiting);
      } catch (error) {
        waiting.failed(error);
      }
    }
    try {
      const writes = [...overlay.writes()];
      if (writes.length > 0) await this.#environment.commit(writes);
      for (const waiting of succeeded) waiting.committed();
    } catch (error) {
      for (const waiting of succeeded) waiting.failed(error);
    }
  }
}
