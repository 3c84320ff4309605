import { messageOf } from './errors.ts';
import type { Log } from './log.ts';

/**
 * Compensations of a multi-step set-up, run in reverse when a later step fails. `release()` says that the whole
 * succeeded and the resources now belong to somebody else.
 *
 *     await using undo = new UndoStack(ctx.log);
 *     await mkdir(dir);
 *     undo.push('remove the bundle', () => rm(dir));
 *     …
 *     undo.release();
 */
export class UndoStack {
  #steps: { what: string; run: () => unknown }[] = [];
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  push(what: string, run: () => unknown): void {
    this.#steps.push({ what, run });
  }

  /** Forget every compensation: the set-up is complete. */
  release(): void {
    this.#steps = [];
  }

  /** Runs all compensations, last first; one that fails is logged and does not stop the others. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step.run();
      } catch (error) {
        this.#log.warn('undo failed', { step: step.what, error: messageOf(error) });
      }
    }
  }
}
