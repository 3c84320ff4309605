import { rm } from 'node:fs/promises';
import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { restartDelay } from '../containers/restart-policy.ts';
import { isAlive, next } from '../containers/state.ts';
import { killAll } from '../kernel/cgroup-control.ts';
import { removeCgroup } from '../kernel/cgroup-create.ts';
import { countOomKills } from '../kernel/cgroup-watch.ts';
import { type ExitRecord, readShimIdentity, reapLostShim } from '../kernel/shim-record.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import { removeLocked } from './remove-locked.ts';
import type { Run } from './runs.ts';
import { resultOf } from './wait.ts';

/** Watches over a run until it ends, and then ends the container, unless somebody else has done so by then. */
export function supervise(engine: Engine, id: ContainerId, run: Run): void {
  const ctx = backgroundCtx(engine.log.with({ container: id }));
  const watch = async (): Promise<void> => {
    const exit = await exitOf(ctx, engine, id, run);
    await engine.locks.run(id, () => endRun(ctx, engine, id, run, exit));
  };
  watch().catch((error: unknown) => ctx.log.error('supervision failed', { error: messageOf(error) }));
}

/** How the run ended, as soon as it has: from the shim, or in its stead when the shim was killed. */
export async function exitOf(ctx: Ctx, engine: Engine, id: ContainerId, run: Run): Promise<ExitRecord> {
  try {
    return await run.shim.wait(ctx);
  } catch (error) {
    if (!isEngineError(error, 'unavailable')) throw error;
    const { run: runDir } = containerPaths(engine.paths, id);
    const identity = readShimIdentity(runDir);
    if (!identity) throw new EngineError('data-loss', `${runDir}/init.pid is missing`, { cause: error });
    ctx.log.warn('the shim was killed; its container goes too');
    return reapLostShim(ctx, runDir, identity);
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
  const oomKilled = countOomKills(run.cgroup) > 0;
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
  await stored;
  await cleanUpRun(ctx, engine, id, run);
  if (delay !== undefined) engine.restarts.schedule(id, delay);
  else if (record.hostConfig.autoRemove) await removeLocked(ctx, engine, id);
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

/** Takes away what a run leaves: processes (of a container in the host's pid namespace), cgroup, run directory. */
export async function cleanUpRun(
  ctx: Ctx,
  engine: Engine,
  id: ContainerId,
  run: Pick<Run, 'cgroup'>,
): Promise<void> {
  try {
    await killAll(ctx, run.cgroup);
    await removeCgroup(ctx, run.cgroup);
  } catch (error) {
    ctx.log.warn('the cgroup could not be removed', { error: messageOf(error) });
  }
  await rm(containerPaths(engine.paths, id).run, { recursive: true, force: true });
}
