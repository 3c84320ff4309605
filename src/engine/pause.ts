import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/** Errors: `not-found`, `conflict` (not running, paused already). */
export async function pauseContainer(_ctx: Ctx, _engine: Engine, _ref: string): Promise<void> {
  throw new Error('pending');
}

export async function unpauseContainer(_ctx: Ctx, _engine: Engine, _ref: string): Promise<void> {
  throw new Error('pending');
}
