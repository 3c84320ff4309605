import type { Ctx } from '../base/ctx.ts';
import type { Filters } from '../containers/filters.ts';
import type { ContainerRecord } from '../containers/record.ts';
import type { Engine } from './engine.ts';
import type { ContainerSizes } from './inspect.ts';

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

/** Newest first. Errors: `invalid` (filter). */
export async function listContainers(
  _ctx: Ctx,
  _engine: Engine,
  _options: ListOptions,
): Promise<ContainerListing[]> {
  throw new Error('pending');
}
