import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { restartDelay } from '../containers/restart-policy.ts';
import { isAlive, next } from '../containers/state.ts';
import { countOomKills } from '../kernel/cgroup-watch.ts';
import { type ExitRecord, readShimIdentity, reapLostShim } from '../kernel/shim-record.ts';
import { cleanUpContainer, containerCgroup } from '../runtime/launch.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { removeLocked } from './remove-locked.ts';
import type { Run } from './runs.ts';
import { resultOf } from './wait.ts';

/** Watches over a run until it ends, and then ends the container, unless somebody else has done so by then. */
export function supervise(engine: Engine, id: ContainerId, run: Run): void {
  const ctx = backgroundCtx(engine.log.with({ container: id }));
  const watch = async (): Promise<void> => {
    const exit = await exitOf(ctx, run);
    await engine.locks.run(id, () => endRun(ctx, engine, id, run, exit));
  };
  watch().catch((error: unknown) => ctx.log.error('supervision failed', { error: messageOf(error) }));
}

/** How the run ended, as soon as it has: from the shim, or in its stead when the shim was killed. */
export async function exitOf(ctx: Ctx, run: Run): Promise<ExitRecord> {
  try {
    return await run.shim.wait(ctx);
  } catch (error) {
    if (!isEngineError(error, 'unavailable')) throw error;
    const identity = readShimIdentity(run.runDir);
    if (!identity) throw new EngineError('data-loss', `${run.runDir}/init.pid is missing`, { cause: error });
    ctx.log.warn('the shim was killed; its container goes too');
    return reapLostShim(ctx, run.runDir, identity);
  }
}

/**
 * The one way for a container to end, whoever noticed: record, events, those who wait, restart policy, `--rm`. Called with
 * the container's lock held; without effect when the run has been ended already.
 *
 * The exit record in the run directory goes only after the container's record has been stored, so that a daemon killed in
 * between finds the one or the other.
 */
export async function endRun(
  ctx: Ctx,
  engine: Engine,
  id: ContainerId,
  run: Run,
  exit: ExitRecord,
): Promise<void> {
  const record = engine.containers.get(id);
  if (engine.runs.get(id) !== run || !record || !isAlive(record.state)) return;
  const oomKilled = countOomKills(containerCgroup(engine.host, run.spec)) > 0;
  const uptime = Math.max(0, Date.parse(exit.finishedAt) - run.startedAt);
  const delay = restartDelay(record.hostConfig.restartPolicy, {
    exitCode: exit.exitCode,
    restartCount: record.restartCount,
    stoppedByUser: record.stoppedByUser,
    uptime,
    lastDelay: engine.restarts.lastDelay(id),
  });
  const state = next(record.state, {
    type: 'exited',
    code: exit.exitCode,
    finishedAt: exit.finishedAt,
    oomKilled,
    error: '',
    restarting: delay !== undefined,
  });
  const stored = engine.containers.update(id, (current) => ({ ...current, state }));
  engine.runs.delete(id);
  run.ended.abort();
  announce(engine, record, exit, { oomKilled, uptime });
  engine.waiters.exited(id, resultOf(state));
  const removing = record.hostConfig.autoRemove && delay === undefined && !run.kept;
  // The exit code of what is removed anyway need not outlast a crash.
  if (!removing) await stored;
  await cleanUp(ctx, engine, run);
  if (removing) await Promise.all([stored, removeLocked(ctx, engine, id)]);
  else if (delay !== undefined) engine.restarts.schedule(id, delay);
}

/** Processes that outlived init, the cgroup, the run directory. */
async function cleanUp(ctx: Ctx, engine: Engine, run: Run): Promise<void> {
  try {
    await cleanUpContainer(ctx, engine.host, run);
  } catch (error) {
    // The container has ended all the same; the next start, or the next daemon, comes across it again.
    ctx.log.warn('something of the container could not be cleaned up', { error: messageOf(error) });
  }
}

function announce(
  engine: Engine,
  record: ContainerRecord,
  exit: ExitRecord,
  { oomKilled, uptime }: { oomKilled: boolean; uptime: number },
): void {
  if (oomKilled) publishContainer(engine, record, 'oom');
  publishContainer(engine, record, 'die', {
    exitCode: String(exit.exitCode),
    execDuration: String(Math.floor(uptime / 1000)),
  });
}
