import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/** Sets the terminal's size, in characters. Errors: `not-found`, `conflict` (not running). */
export async function resizeContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _height: number,
  _width: number,
): Promise<void> {
  throw new Error('pending');
}
