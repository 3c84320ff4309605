import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

export interface StopOptions {
  /** Name or number; absent or empty: the container's stop signal. */
  readonly signal?: string;
  /** Seconds before SIGKILL; -1 for ever; absent: the container's, else 10. */
  readonly timeout?: number;
}

/** Errors: `not-found`, `not-modified` (not running), `invalid` (signal). */
export async function stopContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _options: StopOptions,
): Promise<void> {
  throw new Error('pending');
}
