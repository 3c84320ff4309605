import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Filters } from '../containers/filters.ts';
import { compileListFilter, olderThan } from '../containers/list-filter.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { isAlive } from '../containers/state.ts';
import { statusText } from '../containers/status-text.ts';
import { imageFamily, shownImage } from './container-image.ts';
import type { Engine } from './engine.ts';
import { type ContainerSizes, containerSizes } from './inspect.ts';

export interface ListOptions {
  readonly all: boolean;
  /** Newest first; 0: no limit. */
  readonly limit: number;
  readonly size: boolean;
  readonly filters: Filters;
}

export interface ContainerListing {
  readonly record: ContainerRecord;
  /** What to show as Image: the name used, or the image's ID when that name now means another image. */
  readonly image: string;
  /** `Up 3 minutes (Paused)`, `Exited (0) 2 hours ago`. */
  readonly status: string;
  readonly sizes?: ContainerSizes;
}

/** Newest first. Errors: `invalid` (filter, limit). */
export async function listContainers(
  ctx: Ctx,
  engine: Engine,
  options: ListOptions,
): Promise<ContainerListing[]> {
  if (options.limit < 0)
    throw new EngineError('invalid', `invalid limit ${options.limit}: must not be negative`);
  const filter = compileListFilter(options.filters, {
    container: (ref) => engine.containers.resolve(ref),
    byPrefix: (prefix) => engine.containers.withPrefix(prefix),
    imageFamily: (ref) => imageFamily(engine, ref),
  });
  const stoppedToo = options.all || filter.all || options.limit > 0;
  const records = engine.containers
    .all()
    .filter((record) => (stoppedToo || isUp(record)) && filter.matches(record))
    .sort((a, b) => (olderThan(a, b) ? 1 : -1));
  const chosen = options.limit > 0 ? records.slice(0, options.limit) : records;
  return Promise.all(chosen.map((record) => listing(ctx, engine, record, options.size)));
}

function isUp({ state }: ContainerRecord): boolean {
  return isAlive(state) || state.status === 'restarting';
}

async function listing(
  ctx: Ctx,
  engine: Engine,
  record: ContainerRecord,
  size: boolean,
): Promise<ContainerListing> {
  return {
    record,
    image: shownImage(engine, record.config.image, record.imageId),
    status: statusText(record.state, Date.now()),
    ...(size && { sizes: await containerSizes(ctx, engine, record) }),
  };
}
