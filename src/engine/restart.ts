import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { parseSignal } from '../formats/signals.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { startContainer } from './start.ts';
import { isUp, type StopOptions, stop, stopSignalOf, stopTimeoutOf } from './stop.ts';

/** Stops the container if it runs, then starts it. Errors: those of stop and start. */
export async function restartContainer(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  options: StopOptions,
): Promise<void> {
  const lasting = backgroundCtx(ctx.log);
  const record = engine.containers.resolve(ref);
  const signal = options.signal ? parseSignal(options.signal) : stopSignalOf(record);
  if (isUp(record)) {
    const run = engine.runs.get(record.id);
    if (run) run.kept = true;
    await stop(lasting, engine, record, signal, stopTimeoutOf(record, options));
  }
  await startContainer(lasting, engine, record.id);
  publishContainer(engine, engine.containers.resolve(record.id), 'restart');
}
