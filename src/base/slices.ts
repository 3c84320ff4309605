import { type Ctx, checkCancelled } from './ctx.ts';

const SLICE_MS = 4;

/**
 * Runs synchronous work that yields often, a few milliseconds at a time, so that the event loop is not held up. Ends early
 * with `cancelled` when the caller has gone; the generator's `finally` blocks run then.
 */
export async function runInSlices<T>(ctx: Ctx, work: Generator<void, T>): Promise<T> {
  try {
    for (;;) {
      const sliceEnd = performance.now() + SLICE_MS;
      do {
        const { done, value } = work.next();
        if (done) return value;
      } while (performance.now() < sliceEnd);
      await new Promise((resolve) => setImmediate(resolve));
      checkCancelled(ctx);
    }
  } finally {
    work.return(undefined as never);
  }
}
