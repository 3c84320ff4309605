import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/** Errors: `not-found`, `invalid` (name), `conflict` (taken). */
export async function renameContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _name: string,
): Promise<void> {
  throw new Error('pending');
}
