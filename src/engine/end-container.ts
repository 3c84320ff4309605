import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { next } from '../containers/state.ts';
import * as runtime from '../runtime/control.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import type { Run } from './runs.ts';
import { endRun, exitOf } from './supervise.ts';

export const SIGKILL = 9;
export const SIGTERM = 15;
/** How long a killed container may take to be gone, in milliseconds. A process in the kernel's hands can defy SIGKILL. */
const KILL_TIME = 10_000;

/**
 * Notes that the user wants the container down, so that its restart policy does not bring it up again. Not waited for: it
 * is stored before whatever is written next.
 */
export function markStopped(engine: Engine, id: ContainerId): void {
  engine.containers
    .update(id, (record) => ({ ...record, stoppedByUser: true }))
    .catch((error: unknown) =>
      engine.log.error('the record could not be stored', { container: id, error: messageOf(error) }),
    );
}

/**
 * Sends a signal to init and says so in an event. A paused container is let go where the signal shall end it: frozen, it
 * could not die. One that has ended already is no error.
 */
export async function signalRun(
  ctx: Ctx,
  engine: Engine,
  record: ContainerRecord,
  run: Run,
  signal: number,
  ends: boolean,
): Promise<void> {
  try {
    await runtime.killContainer(ctx, engine.host, run, signal);
    if (ends && record.state.status === 'paused') await runtime.resumeContainer(ctx, engine.host, run.spec);
  } catch (error) {
    if (!isEngineError(error, 'unavailable', 'not-found')) throw error;
  }
  publishContainer(engine, record, 'kill', { signal: String(signal) });
}

/** Kills a running container and ends it, with its lock held. Throws `system` when it does not die. */
export async function killAndWait(ctx: Ctx, engine: Engine, id: ContainerId): Promise<void> {
  const run = engine.runs.get(id);
  const record = engine.containers.resolve(id);
  if (!run) return;
  const bounded = detached(ctx, KILL_TIME);
  markStopped(engine, id);
  try {
    await signalRun(bounded, engine, record, run, SIGKILL, true);
    const exit = await exitOf(bounded, run);
    await endRun({ ...ctx, signal: bounded.signal }, engine, id, run, exit);
  } catch (error) {
    if (!bounded.signal.aborted) throw error;
    throw new EngineError(
      'system',
      `container ${id} does not die: tried to kill it for ${KILL_TIME / 1000} s`,
      {
        cause: error,
      },
    );
  }
}

/** Calls off a restart that is to come; the container then is down. With its lock held. */
export async function cancelRestart(engine: Engine, id: ContainerId): Promise<void> {
  engine.restarts.cancel(id);
  const { state } = engine.containers.resolve(id);
  if (state.status !== 'restarting') return;
  const exited = next(state, { type: 'restart-cancelled' });
  await engine.containers.update(id, (record) => ({ ...record, state: exited, stoppedByUser: true }));
}
