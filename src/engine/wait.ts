import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface WaitResult {
  readonly statusCode: number;
  /** Present when the engine could not run the container to its end. */
  readonly error?: string;
}

/** A registered wait. The API answers its headers now, so that the client knows it may start the container. */
export interface PendingWait {
  /** Rejects `cancelled` when `ctx` is aborted. */
  readonly result: Promise<WaitResult>;
}

/** Registers a wait before returning. Errors: `not-found`, `invalid` (condition). */
export function waitContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _condition: string | undefined,
): PendingWait {
  throw new Error('pending');
}
