import type { ContainerId } from '../containers/record.ts';
import type { Cgroup } from '../kernel/cgroup.ts';
import type { ShimConnection } from '../kernel/shim-client.ts';

/** A run of a container: what the daemon holds of it in memory while it lasts. */
export interface Run {
  readonly shim: ShimConnection;
  readonly cgroup: Cgroup;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Aborted when the run is over; its log is complete then. */
  readonly ended: AbortController;
}

export type Runs = Map<ContainerId, Run>;
