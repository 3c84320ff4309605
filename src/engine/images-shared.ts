import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';

/**
 * Work that is the same for all who ask for it under one key at the same time: it runs once, and is cancelled when the
 * last of them has gone. `P` is what it reports on the way; who joins late hears the latest report first.
 */
export class SharedTasks<T, P> {
  readonly #tasks = new Map<string, Task<T, P>>();

  /** Starts the work or joins it; `onProgress` is called until the returned promise settles. */
  async join(
    ctx: Ctx,
    key: string,
    start: (ctx: Ctx, report: (progress: P) => void) => Promise<T>,
    onProgress: (progress: P) => void,
  ): Promise<T> {
    // One that everybody has left is still cleaning up.
    for (let left = this.#tasks.get(key); left?.abandoned; left = this.#tasks.get(key)) {
      await left.settled;
    }
    const running = this.#tasks.get(key);
    if (running) return running.join(ctx, onProgress);
    const task = new Task(ctx, start);
    this.#tasks.set(key, task);
    const forget = (): unknown => this.#tasks.delete(key);
    task.result.then(forget, forget);
    return task.join(ctx, onProgress);
  }
}

class Task<T, P> {
  readonly result: Promise<T>;
  /** Fulfilled when the work has ended, however it did. */
  readonly settled: Promise<void>;
  readonly #abort = new AbortController();
  readonly #listeners = new Set<(progress: P) => void>();
  #participants = 0;
  #latest: { progress: P } | undefined;

  constructor(ctx: Ctx, start: (ctx: Ctx, report: (progress: P) => void) => Promise<T>) {
    this.result = start({ ...ctx, signal: this.#abort.signal }, (progress) => {
      this.#latest = { progress };
      for (const listener of this.#listeners) listener(progress);
    });
    this.settled = this.result.then(
      () => {},
      () => {},
    );
  }

  get abandoned(): boolean {
    return this.#abort.signal.aborted;
  }

  join(ctx: Ctx, onProgress: (progress: P) => void): Promise<T> {
    this.#participants++;
    // A function of its own: the same one may be passed twice.
    const listener = (progress: P): void => onProgress(progress);
    this.#listeners.add(listener);
    if (this.#latest) listener(this.#latest.progress);
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        this.#listeners.delete(listener);
        if (--this.#participants === 0) this.#abort.abort(ctx.signal.reason);
        // The last to leave waits for the clean-up, so that "cancelled" means "nothing is left".
        const gone = this.#participants === 0 ? this.settled : Promise.resolve();
        const error = new EngineError('cancelled', 'the operation was cancelled', {
          cause: ctx.signal.reason,
        });
        void gone.then(() => reject(error));
      };
      ctx.signal.addEventListener('abort', leave, { once: true });
      const end = (): void => {
        ctx.signal.removeEventListener('abort', leave);
        this.#listeners.delete(listener);
      };
      void this.settled.then(end);
      if (ctx.signal.aborted) leave();
      this.result.then(resolve, (error: unknown) => {
        if (!ctx.signal.aborted) reject(error);
      });
    });
  }
}

/** Things that come to be, by key, and who waits for them. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Says that what `key` stands for is there now. */
  announce(key: string): void {
    for (const wake of this.#waiting.get(key) ?? []) wake();
    this.#waiting.delete(key);
  }

  /** Waits until `key` is announced; returns at once when `isThere`. Throws `cancelled`. */
  async wait(ctx: Ctx, key: string, isThere: () => boolean): Promise<void> {
    if (isThere()) return;
    await new Promise<void>((resolve, reject) => {
      const waiters = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiters);
      const wake = (): void => {
        ctx.signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        waiters.delete(wake);
        reject(new EngineError('cancelled', 'the operation was cancelled', { cause: ctx.signal.reason }));
      };
      waiters.add(wake);
      if (ctx.signal.aborted) stop();
      else ctx.signal.addEventListener('abort', stop, { once: true });
    });
  }
}
