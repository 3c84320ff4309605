import { backgroundCtx } from '../base/ctx.ts';
import { messageOf } from '../base/errors.ts';
import type { ContainerId } from '../containers/record.ts';
import type { Engine } from './engine.ts';
import { startLocked } from './start-locked.ts';

/** Starts a container whose restart policy has waited long enough, unless the user has taken over meanwhile. */
export function restartByPolicy(engine: Engine, id: ContainerId): void {
  const ctx = backgroundCtx(engine.log.with({ container: id }));
  const restart = async (): Promise<void> => {
    const record = engine.containers.get(id);
    if (record?.state.status !== 'restarting') return;
    await startLocked(ctx, engine, id, { restartCount: record.restartCount + 1, stoppedByUser: false });
  };
  engine.locks
    .run(id, restart)
    .catch((error: unknown) => ctx.log.warn('restart failed', { error: messageOf(error) }));
}
