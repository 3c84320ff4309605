import type { Ctx } from '../base/ctx.ts';
import { isEngineError, messageOf } from '../base/errors.ts';
import { nowText } from '../containers/clock.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { next } from '../containers/state.ts';
import { connectShim } from '../kernel/shim-client.ts';
import * as runtime from '../runtime/launch.ts';
import { LaunchFailure } from '../runtime/launch-failure.ts';
import { publishContainer } from './container-events.ts';
import type { Engine } from './engine.ts';
import { makeImageVolumes } from './image-volumes.ts';
import { planLaunch } from './plan-launch.ts';
import { removeLocked } from './remove-locked.ts';
import { newRun } from './runs.ts';
import { supervise } from './supervise.ts';

/** What a start changes in the record besides the state. */
type Counters = Pick<ContainerRecord, 'restartCount' | 'stoppedByUser'>;

/** Exit code of a container that could not be started for another reason than its command. */
const NOT_STARTED = 128;

/**
 * Starts a container that is down, with its lock held:
 *
 *     plan (record → settings → spec) → runtime.create [namespaces and root are up, nothing runs]
 *       → waiting clients are attached → runtime.start ⇒ exec → supervise
 *
 * Killed before START, the daemon takes the shim with it. Killed after it, the next one finds the shim by its run directory,
 * whatever the record says; so nothing here waits for the disk.
 */
export async function startLocked(
  ctx: Ctx,
  engine: Engine,
  id: ContainerId,
  counters: Counters,
): Promise<void> {
  const record = engine.containers.resolve(id);
  const container = await failing(ctx, engine, record, () => planLaunch(engine, record));
  const created = await failing(ctx, engine, record, () =>
    runtime.createContainer(ctx, engine.launcher, container),
  );
  const shim = connectShim(container.runDir);
  // Before START: what ends at once has ended after it was started.
  const startedAt = await failing(ctx, engine, record, async () => {
    await atBarrier(ctx, created, async () => {
      makeImageVolumes(record, created.pid);
      await engine.attachments.connect(id, shim);
    });
    const now = nowText();
    await created.start(ctx);
    return now;
  });

  const state = next(record.state, { type: 'started', pid: created.pid, startedAt });
  const run = newRun(shim, container, Date.parse(startedAt));
  engine.containers
    .update(id, (current) => ({ ...current, ...counters, state }))
    .catch((error: unknown) =>
      ctx.log.error('the record could not be stored', { container: id, error: messageOf(error) }),
    );
  engine.runs.set(id, run);
  publishContainer(engine, record, 'start');
  supervise(engine, id, run);
}

/** Does what is to be done while nothing of the user's runs yet; when it fails, the creation is undone. */
async function atBarrier(
  ctx: Ctx,
  created: runtime.CreatedContainer,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    await created.abort(ctx);
    throw error;
  }
}

/** Does a step of the start; when it fails, the record says so, waiting clients leave, and `--rm` acts. */
async function failing<T>(
  ctx: Ctx,
  engine: Engine,
  record: ContainerRecord,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const code = error instanceof LaunchFailure ? error.exitCode : NOT_STARTED;
    const state = next(record.state, { type: 'start-failed', code, error: messageOf(error), at: nowText() });
    engine.attachments.abandon(record.id);
    await engine.containers.update(record.id, (current) => ({ ...current, state }));
    if (record.hostConfig.autoRemove) await removeLocked(ctx, engine, record.id);
    if (!isEngineError(error))
      ctx.log.error('start failed', { container: record.id, error: messageOf(error) });
    throw error;
  }
}
