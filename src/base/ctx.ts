import { EngineError } from './errors.ts';
import { type Log, silentLog } from './log.ts';

/** First parameter of every effectful function; pure functions do not take one, so the signature tells which is which. */
export interface Ctx {
  /** Aborted when the caller is gone. Clean-up work must not depend on it: see {@link detached}. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The context of work nobody waits for: never aborted. */
export function backgroundCtx(log: Log = silentLog): Ctx {
  return { signal: new AbortController().signal, log };
}

/** The same context without the caller's cancellation, bounded by `timeoutMs` (10 s unless given): for undoing and tearing down. */
export function detached(ctx: Ctx, timeoutMs = 10_000): Ctx {
  return { ...ctx, signal: AbortSignal.timeout(timeoutMs) };
}

/** Throws `cancelled` when the caller has gone. */
export function checkCancelled(ctx: Ctx): void {
  if (ctx.signal.aborted) {
    throw new EngineError('cancelled', 'the operation was cancelled', { cause: ctx.signal.reason });
  }
}
