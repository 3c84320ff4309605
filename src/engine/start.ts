import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { unreachable } from '../base/never.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { cancelRestart } from './end-container.ts';
import type { Engine } from './engine.ts';
import { startLocked } from './start-locked.ts';

/**
 * Starts a container; resolves when its process has been exec'd. Goes on when the caller leaves. Errors: `not-found`,
 * `not-modified` (runs already), `conflict` (paused, being removed), `invalid` (cannot be executed; the exit code 126 or
 * 127 is in the record), and what the runtime throws.
 */
export async function startContainer(ctx: Ctx, engine: Engine, ref: string): Promise<void> {
  const { id } = engine.containers.resolve(ref);
  await engine.locks.run(id, async () => {
    refuseUnlessDown(engine.containers.resolve(id));
    await cancelRestart(engine, id);
    await startLocked(backgroundCtx(ctx.log), engine, id, { restartCount: 0, stoppedByUser: false });
  });
}

function refuseUnlessDown({ id, state }: ContainerRecord): void {
  switch (state.status) {
    case 'created':
    case 'exited':
    case 'restarting':
      return;
    case 'running':
      throw new EngineError('not-modified', `container ${id} is already running`);
    case 'paused':
      throw new EngineError('conflict', 'cannot start a paused container, try unpause instead');
    case 'removing':
    case 'dead':
      throw new EngineError('conflict', 'container is marked for removal and cannot be started');
    default:
      unreachable(state);
  }
}
