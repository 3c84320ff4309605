import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';
import type { StopOptions } from './stop.ts';

/** Stops the container if it runs, then starts it. */
export async function restartContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _options: StopOptions,
): Promise<void> {
  throw new Error('pending');
}
