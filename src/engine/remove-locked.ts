import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { ContainerId } from '../containers/record.ts';
import { next } from '../containers/state.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import { removeDirectory } from './remove-directory.ts';
import { resultOf } from './wait.ts';

/** Milliseconds a removal may take. */
const REMOVE_TIME = 60_000;

/**
 * Takes a container that does not run away, with all that is its: called with its lock held, or when nobody else is there
 * yet. What fails leaves it `dead`, to be removed again. Errors: `system`.
 *
 * Killed half-way, the record says `removing` and `reconcile` goes on. Record and writable layer go in one flush; whichever
 * a power cut leaves behind is half a container, which `reconcile` removes.
 */
export async function removeLocked(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  const record = engine.containers.get(id);
  if (!record) return;
  const paths = containerPaths(engine.paths, id);
  const lasting = detached(ctx, REMOVE_TIME);
  const state = record.state.status === 'removing' ? record.state : next(record.state, { type: 'removing' });
  const marked = engine.containers.update(id, (current) => ({ ...current, state }));
  try {
    await Promise.all([marked, removeDirectory(lasting, paths.dir), removeDirectory(lasting, paths.run)]);
    await Promise.all([removeSnapshot(lasting, engine, id), engine.containers.delete(id)]);
  } catch (error) {
    const message = `unable to remove container ${id}: ${messageOf(error)}`;
    const dead = next(state, { type: 'remove-failed', error: message });
    if (engine.containers.get(id))
      await engine.containers.update(id, (current) => ({ ...current, state: dead }));
    throw new EngineError('system', message, { cause: error });
  }
  engine.execs.dropContainer(id);
  engine.attachments.abandon(id);
  publishContainer(engine, record, 'destroy');
  engine.waiters.removed(id, resultOf(record.state));
}

async function removeSnapshot(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  try {
    await engine.snapshots.remove(ctx, id);
  } catch (error) {
    // An earlier attempt came this far.
    if (!isEngineError(error, 'not-found')) throw error;
  }
}
