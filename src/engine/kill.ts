import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/** Sends a signal (absent or empty: SIGKILL). Errors: `not-found`, `conflict` (not running), `invalid` (signal). */
export async function killContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _signal?: string,
): Promise<void> {
  throw new Error('pending');
}
