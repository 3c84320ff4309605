import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { isAlive } from '../containers/state.ts';
import { cancelRestart, killAndWait } from './end-container.ts';
import type { Engine } from './engine.ts';
import { removeLocked } from './remove-locked.ts';

export interface RemoveOptions {
  readonly force: boolean;
  /** Anonymous volumes too. There are none: what lies at an image's VOLUME is in the writable layer and goes with it. */
  readonly volumes: boolean;
  /** Removes a legacy link instead; refused. */
  readonly link: boolean;
}

/** Errors: `not-found`, `conflict` (running, being removed), `not-implemented` (link), `system`. */
export async function removeContainer(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  options: RemoveOptions,
): Promise<void> {
  if (options.link) throw new EngineError('not-implemented', 'legacy links are not supported');
  const { id, state } = engine.containers.resolve(ref);
  if (state.status === 'removing') {
    throw new EngineError('conflict', `removal of container ${id} is already in progress`);
  }
  await engine.locks.run(id, async () => {
    const record = engine.containers.resolve(id);
    if (!options.force) refuseWhileUp(record);
    await cancelRestart(engine, id);
    if (isAlive(record.state)) await killAndWait(ctx, engine, id);
    await removeLocked(ctx, engine, id);
  });
}

function refuseWhileUp({ id, state }: ContainerRecord): void {
  if (!isAlive(state) && state.status !== 'restarting') return;
  const first = state.status === 'paused' ? 'Unpause and then stop' : 'Stop';
  throw new EngineError(
    'conflict',
    `You cannot remove a ${state.status} container ${id}. ${first} the container before attempting removal or force remove`,
  );
}
