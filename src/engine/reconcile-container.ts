import type { Ctx } from '../base/ctx.ts';
import { nowText } from '../containers/clock.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { type ContainerState, isAlive, next, timesOf } from '../containers/state.ts';
import { isFrozen } from '../kernel/cgroup-control.ts';
import { connectShim } from '../kernel/shim-client.ts';
import type { ExitRecord } from '../kernel/shim-record.ts';
import { readBundle } from '../runtime/bundle.ts';
import { readoptContainer } from '../runtime/control.ts';
import { cleanUpContainer, containerCgroup } from '../runtime/launch.ts';
import { killAndWait } from './end-container.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import { removeLocked } from './remove-locked.ts';
import { newRun, type Run } from './runs.ts';
import { endRun, supervise } from './supervise.ts';
import { tracesOf } from './traces.ts';

/** Docker's exit code of a container that a reboot has ended. */
const REBOOTED = 255;

/** One container's part of {@link file://./reconcile.ts}. What the run directory shows counts more than the record. */
export async function reconcileContainer(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  const { run: runDir } = containerPaths(engine.paths, id);
  const found = await readoptContainer(ctx, runDir);
  switch (found.status) {
    case 'running':
      await adopt(engine, id, found.pid);
      break;
    case 'exited':
      await settle(ctx, engine, id, found.exit);
      break;
    case 'lost':
      if (isAlive(engine.containers.resolve(id).state)) await settle(ctx, engine, id, found.exit);
      else await forgetRun(ctx, engine, id);
      break;
    case 'never-ran':
      await forgetRun(ctx, engine, id);
      break;
  }
  await finishRemoval(ctx, engine, id);
}

/** The bundle's spec says where the cgroup is. */
function runOfBundle(engine: Engine, record: ContainerRecord): Run {
  const { dir, run: runDir } = containerPaths(engine.paths, record.id);
  const { startedAt } = timesOf(record.state);
  const started = isAlive(record.state) ? Date.parse(startedAt) : Date.now();
  return newRun(connectShim(runDir), { runDir, spec: readBundle(dir) }, started);
}

/** It runs: the record learns it where the daemon was killed before it could say so, and whether it is paused. */
async function adopt(engine: Engine, id: ContainerId, pid: number): Promise<void> {
  const record = engine.containers.resolve(id);
  const run = runOfBundle(engine, record);
  const frozen = isFrozen(containerCgroup(engine.host, run.spec));
  const state = aliveState(record.state, pid);
  const actual: ContainerState =
    state.status === 'running' && frozen ? next(state, { type: 'paused' }) : state;
  if (actual !== record.state)
    void engine.containers.update(id, (current) => ({ ...current, state: actual }));
  engine.runs.set(id, run);
  supervise(engine, id, run);
}

/** The state of a container that is known to run, not paused as far as anybody knows. */
function aliveState(state: ContainerState, pid: number): ContainerState {
  if (state.status === 'paused') return next(state, { type: 'unpaused' });
  return isAlive(state) ? state : next(state, { type: 'started', pid, startedAt: nowText() });
}

/** It has ended while no daemon looked; or one did, and was killed before it had cleaned up. */
async function settle(ctx: Ctx, engine: Engine, id: ContainerId, exit: ExitRecord): Promise<void> {
  const record = engine.containers.resolve(id);
  const run = runOfBundle(engine, record);
  if (!isAlive(record.state) && timesOf(record.state).finishedAt === exit.finishedAt) {
    await cleanUpContainer(ctx, engine.host, run);
    return;
  }
  const state = aliveState(record.state, exit.pid);
  await engine.containers.update(id, (current) => ({ ...current, state }));
  engine.runs.set(id, run);
  await endRun(ctx, engine, id, run, exit);
}

/** Nothing runs, and nothing tells how it ended: the host was booted, or the daemon died before the start was done. */
async function forgetRun(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  const record = engine.containers.resolve(id);
  const { state } = record;
  await cleanUpContainer(ctx, engine.host, tracesOf(engine, record));
  if (!isAlive(state)) return;
  const exited = next(state, {
    type: 'exited',
    code: REBOOTED,
    finishedAt: nowText(),
    oomKilled: false,
    error: '',
    restarting: false,
  });
  await engine.containers.update(id, (current) => ({ ...current, state: exited }));
}

/** Removals that were begun, `--rm` of containers that are down, and records whose writable layer was never made. */
async function finishRemoval(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  const record = engine.containers.get(id);
  if (!record) return;
  const { state, hostConfig } = record;
  const due =
    state.status === 'removing' ||
    (state.status === 'exited' && hostConfig.autoRemove) ||
    (!isAlive(state) && !engine.snapshots.stat(id));
  if (!due) return;
  await killAndWait(ctx, engine, id);
  await removeLocked(ctx, engine, id);
}
