import type { Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { notRunning, runOf } from './conflicts.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';

/** Sets the terminal's size, in characters. Errors: `not-found`, `conflict` (not running, no terminal). */
export async function resizeContainer(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  height: number,
  width: number,
): Promise<void> {
  const record = engine.containers.resolve(ref);
  const run = runOf(engine, record);
  if (!record.config.tty) throw new EngineError('conflict', `container ${record.id} has no terminal`);
  try {
    await run.shim.resize(ctx, height, width);
  } catch (error) {
    if (!isEngineError(error, 'unavailable', 'not-found')) throw error;
    throw notRunning(record);
  }
  publishContainer(engine, record, 'resize', { height: String(height), width: String(width) });
}
