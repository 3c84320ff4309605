import type { ContainerId } from '../containers/record.ts';

/** A run of a container: what the daemon holds of it in memory while it lasts. */
export interface Run {
  /** Aborted when the run is over and its log is complete. */
  readonly ended: AbortController;
}

export type Runs = Map<ContainerId, Run>;
