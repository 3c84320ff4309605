import type { ContainerId } from '../containers/record.ts';
import type { ShimConnection } from '../kernel/shim-client.ts';
import type { Spec } from '../runtime/spec.ts';

/** A run of a container: what the daemon holds of it in memory while it lasts. */
export interface Run {
  readonly runDir: string;
  /** What is needed of its spec later: where its cgroup is. */
  readonly spec: Pick<Spec, 'linux'>;
  readonly shim: ShimConnection;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Aborted when the run is over; its log is complete then. */
  readonly ended: AbortController;
  /** Not to be removed after it, whatever `--rm` says: the container is being restarted. */
  kept: boolean;
}

export type Runs = Map<ContainerId, Run>;

export function newRun(
  shim: ShimConnection,
  { runDir, spec }: { readonly runDir: string; readonly spec: Spec },
  startedAt: number,
): Run {
  const { cgroupsPath } = spec.linux ?? {};
  return {
    runDir,
    spec: { linux: { ...(cgroupsPath !== undefined && { cgroupsPath }) } },
    shim,
    startedAt,
    ended: new AbortController(),
    kept: false,
  };
}
