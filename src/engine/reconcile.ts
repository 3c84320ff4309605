import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ctx } from '../base/ctx.ts';
import { isEngineError, messageOf } from '../base/errors.ts';
import { type ContainerId, isContainerId } from '../containers/record.ts';
import { startsWithDaemon } from '../containers/restart-policy.ts';
import { next } from '../containers/state.ts';
import { readShimIdentity, reapLostShim } from '../kernel/shim-record.ts';
import type { Engine } from './engine.ts';
import { reconcileContainer } from './reconcile-container.ts';
import { removeDirectory } from './remove-directory.ts';
import { restartByPolicy } from './restart-by-policy.ts';

/**
 * Brings records and reality together when the daemon starts, before it serves: running containers are adopted again,
 * those that ended meanwhile get their exit codes, half-done creations and removals are completed, and what no record
 * names is swept. Restart policies act last. One container's trouble is logged and does not keep the others down.
 */
export async function reconcile(ctx: Ctx, engine: Engine): Promise<void> {
  const ids = engine.containers.all().map(({ id }) => id);
  await Promise.all(ids.map((id) => guarded(ctx, id, () => reconcileContainer(ctx, engine, id))));
  await sweepSnapshots(ctx, engine);
  await sweepDirectories(ctx, engine);
  for (const id of ids) await guarded(ctx, id, () => startAgain(engine, id));
}

async function guarded(ctx: Ctx, id: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    ctx.log.error('container could not be reconciled', { container: id, error: messageOf(error) });
  }
}

/** Writable layers whose container was never acknowledged, or is half removed. */
async function sweepSnapshots(ctx: Ctx, engine: Engine): Promise<void> {
  const orphans = [...engine.snapshots.walk()].filter(
    ({ kind, key }) => kind === 'active' && isContainerId(key) && !engine.containers.get(key),
  );
  for (const { key } of orphans) {
    await guarded(ctx, key, async () => {
      try {
        await engine.snapshots.remove(ctx, key);
      } catch (error) {
        if (!isEngineError(error, 'not-found')) throw error;
      }
    });
  }
}

async function sweepDirectories(ctx: Ctx, engine: Engine): Promise<void> {
  for (const parent of [engine.paths.runs, engine.paths.containers]) {
    const orphans = (await readdir(parent)).filter(
      (name) => isContainerId(name) && !engine.containers.get(name),
    );
    for (const name of orphans) {
      await guarded(ctx, name, () => sweepDirectory(ctx, join(parent, name)));
    }
  }
}

/** A directory without a record; should a process live in it all the same, nobody could ever reach it. */
async function sweepDirectory(ctx: Ctx, dir: string): Promise<void> {
  const identity = readShimIdentity(dir);
  if (identity) await reapLostShim(ctx, dir, identity);
  await removeDirectory(ctx, dir);
}

/** Restarts that were under way, and containers that shall run whenever the daemon does. */
async function startAgain(engine: Engine, id: ContainerId): Promise<void> {
  const record = engine.containers.get(id);
  if (!record) return;
  const { state, hostConfig, stoppedByUser } = record;
  const due = state.status === 'restarting';
  if (!due && !(state.status === 'exited' && startsWithDaemon(hostConfig.restartPolicy, stoppedByUser)))
    return;
  if (!due) {
    const restarting = next(state, { type: 'restart-due' });
    await engine.containers.update(id, (current) => ({ ...current, state: restarting }));
  }
  restartByPolicy(engine, id);
}
