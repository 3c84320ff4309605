import type { Ctx } from '../base/ctx.ts';
import type { Filters } from '../containers/filters.ts';
import type { ContainerId } from '../containers/record.ts';
import type { Engine } from './engine.ts';

export interface ContainersPruned {
  readonly deleted: readonly ContainerId[];
  /** Bytes. */
  readonly spaceReclaimed: number;
}

/** Removes stopped containers. Filters: `until`, `label`, `label!`. */
export async function pruneContainers(
  _ctx: Ctx,
  _engine: Engine,
  _filters: Filters,
): Promise<ContainersPruned> {
  throw new Error('pending');
}
