import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { ContainerId } from '../containers/record.ts';
import { exitCodeOf, next } from '../containers/state.ts';
import { cleanUpContainer } from '../runtime/launch.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import { removeDirectory } from './remove-directory.ts';
import { tracesOf } from './traces.ts';

/** Milliseconds a removal may take. */
const REMOVE_TIME = 60_000;

/**
 * Takes a container that does not run away, with all that is its: called with its lock held, or when nobody else is there
 * yet. What fails leaves it `dead`, to be removed again. Errors: `system`.
 *
 * Killed half-way, the record says `removing` and `reconcile` goes on. That mark, the record and the writable layer go in one
 * flush; whichever of the two a crash leaves behind is half a container, which `reconcile` removes.
 */
export async function removeLocked(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  const record = engine.containers.get(id);
  if (!record) return;
  const lasting = detached(ctx, REMOVE_TIME);
  const state = record.state.status === 'removing' ? record.state : next(record.state, { type: 'removing' });
  const marked = engine.containers.update(id, (current) => ({ ...current, state }));
  try {
    await cleanUpContainer(lasting, engine.host, tracesOf(engine, record));
    await removeDirectory(lasting, containerPaths(engine.paths, id).dir);
    await Promise.all([marked, engine.containers.delete(id), removeLayer(lasting, engine, id)]);
  } catch (error) {
    await marked.catch(() => {});
    const message = `unable to remove container ${id}: ${messageOf(error)}`;
    const dead = next(state, { type: 'remove-failed', error: message });
    await engine.containers.update(id, (current) => ({ ...current, state: dead }));
    throw new EngineError('system', message, { cause: error });
  }
  engine.execs.dropContainer(id);
  engine.attachments.abandon(id);
  publishContainer(engine, record, 'destroy');
  engine.waiters.removed(id, { statusCode: exitCodeOf(record.state) });
}

/** What cannot be removed now belongs to nobody, and is swept when the daemon starts. */
async function removeLayer(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  try {
    await engine.snapshots.remove(ctx, id);
  } catch (error) {
    if (isEngineError(error, 'not-found')) return;
    ctx.log.warn('the writable layer stays until the next start', { container: id, error: messageOf(error) });
  }
}
