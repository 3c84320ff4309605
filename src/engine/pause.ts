import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { next } from '../containers/state.ts';
import * as runtime from '../runtime/control.ts';
import { runOf } from './conflicts.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';

/** Errors: `not-found`, `conflict` (not running, paused already). */
export async function pauseContainer(ctx: Ctx, engine: Engine, ref: string): Promise<void> {
  const { id } = engine.containers.resolve(ref);
  await engine.locks.run(id, async () => {
    const record = engine.containers.resolve(id);
    const run = runOf(engine, record);
    if (record.state.status === 'paused')
      throw new EngineError('conflict', `container ${id} is already paused`);
    const state = next(record.state, { type: 'paused' });
    await runtime.pauseContainer(ctx, engine.host, run.spec);
    // The freezer is what counts: `reconcile` asks it, whatever was stored.
    await engine.containers.update(id, (current) => ({ ...current, state }));
    publishContainer(engine, record, 'pause');
  });
}

/** Errors: `not-found`, `conflict` (not paused). */
export async function unpauseContainer(ctx: Ctx, engine: Engine, ref: string): Promise<void> {
  const { id } = engine.containers.resolve(ref);
  await engine.locks.run(id, async () => {
    const record = engine.containers.resolve(id);
    const run = engine.runs.get(id);
    if (!run || record.state.status !== 'paused') {
      throw new EngineError('conflict', `Container ${id} is not paused`);
    }
    const state = next(record.state, { type: 'unpaused' });
    await runtime.resumeContainer(ctx, engine.host, run.spec);
    await engine.containers.update(id, (current) => ({ ...current, state }));
    publishContainer(engine, record, 'unpause');
  });
}
