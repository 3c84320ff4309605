import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/**
 * Brings records and reality together when the daemon starts, before it serves: running containers are adopted again,
 * those that ended meanwhile get their exit codes, half-done creations and removals are completed. Restart policies act last.
 */
export async function reconcile(_ctx: Ctx, _engine: Engine): Promise<void> {
  throw new Error('pending');
}
