import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { parseSignal } from '../formats/signals.ts';
import { runOf } from './conflicts.ts';
import { killAndWait, markStopped, SIGKILL, signalRun } from './end-container.ts';
import type { Engine } from './engine.ts';
import { stopSignalOf } from './stop.ts';

/**
 * Sends a signal (absent or empty: SIGKILL, and waits for the end). The signals that end a container also keep its restart
 * policy from acting. Errors: `not-found`, `conflict` (not running), `invalid` (signal), `system` (does not die).
 */
export async function killContainer(ctx: Ctx, engine: Engine, ref: string, text?: string): Promise<void> {
  const signal = text ? parseSignal(text) : SIGKILL;
  const { id } = engine.containers.resolve(ref);
  await engine.locks.run(id, async () => {
    const record = engine.containers.resolve(id);
    const run = runningOrExplain(engine, ref, record);
    if (signal === SIGKILL) return killAndWait(backgroundCtx(ctx.log), engine, id);
    const ends = signal === stopSignalOf(record);
    if (ends) markStopped(engine, id);
    return signalRun(ctx, engine, record, run, signal, ends);
  });
}

function runningOrExplain(
  engine: Engine,
  ref: string,
  record: Parameters<typeof runOf>[1],
): ReturnType<typeof runOf> {
  try {
    return runOf(engine, record);
  } catch (error) {
    if (!isEngineError(error, 'conflict')) throw error;
    throw new EngineError('conflict', `cannot kill container: ${ref}: ${error.message}`, { cause: error });
  }
}
