import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { parseNano } from '../containers/clock.ts';
import { checkFields, type Filters, matchLabels, matchNoLabels, valuesOf } from '../containers/filters.ts';
import type { ContainerId, ContainerRecord } from '../containers/record.ts';
import { isStartable } from '../containers/state.ts';
import type { Engine } from './engine.ts';
import { containerSizes } from './inspect.ts';
import { removeLocked } from './remove-locked.ts';
import { parseTimeQuery } from './time-query.ts';

export interface ContainersPruned {
  readonly deleted: readonly ContainerId[];
  /** Bytes. */
  readonly spaceReclaimed: number;
}

/** Removes stopped containers. Filters: `until`, `label`, `label!`. Errors: `invalid`. */
export async function pruneContainers(ctx: Ctx, engine: Engine, filters: Filters): Promise<ContainersPruned> {
  const chosen = pruneFilter(filters);
  const deleted: ContainerId[] = [];
  let spaceReclaimed = 0;
  for (const { id } of engine.containers.all().filter(chosen)) {
    await engine.locks.run(id, async () => {
      const record = engine.containers.get(id);
      if (!record || !isStopped(record)) return;
      const { rw } = await containerSizes(ctx, engine, record);
      await removeLocked(ctx, engine, id);
      deleted.push(id);
      spaceReclaimed += rw;
    });
  }
  engine.events.publish('container', 'prune', '', { reclaimed: String(spaceReclaimed) });
  return { deleted, spaceReclaimed };
}

function isStopped({ state }: ContainerRecord): boolean {
  return isStartable(state) && state.status !== 'restarting';
}

function pruneFilter(filters: Filters): (record: ContainerRecord) => boolean {
  checkFields(filters, ['until', 'label', 'label!']);
  const [until, ...more] = valuesOf(filters, 'until') ?? [];
  if (more.length > 0) throw new EngineError('invalid', 'more than one until filter specified');
  const limit = parseTimeQuery(until);
  return (record) =>
    isStopped(record) &&
    (limit === undefined || (parseNano(record.createdAt) ?? 0n) < limit) &&
    matchLabels(filters, 'label', record.config.labels) &&
    matchNoLabels(filters, 'label!', record.config.labels);
}
