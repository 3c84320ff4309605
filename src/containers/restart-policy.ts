import { unreachable } from '../base/never.ts';
import type { RestartPolicy } from './host-config.ts';

/** Milliseconds: the first delay, the longest, and how long a container must run for the delay to begin anew. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 60_000;
const LONG_ENOUGH = 10_000;

/** A run that has ended. */
export interface EndedRun {
  readonly exitCode: number;
  /** Restarts by policy so far. */
  readonly restartCount: number;
  readonly stoppedByUser: boolean;
  /** Milliseconds it ran. */
  readonly uptime: number;
  /** Milliseconds waited before it; 0 when the user started it. */
  readonly lastDelay: number;
}

/** Milliseconds to wait before the container is started again; `undefined` when it stays down. */
export function restartDelay(policy: RestartPolicy, run: EndedRun): number | undefined {
  if (run.stoppedByUser || !wantsRestart(policy, run)) return undefined;
  if (run.lastDelay === 0 || run.uptime >= LONG_ENOUGH) return FIRST_DELAY;
  return Math.min(run.lastDelay * 2, LONGEST_DELAY);
}

function wantsRestart(policy: RestartPolicy, run: EndedRun): boolean {
  switch (policy.name) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return (
        run.exitCode !== 0 && (policy.maximumRetryCount === 0 || run.restartCount < policy.maximumRetryCount)
      );
    default:
      return unreachable(policy.name);
  }
}

/** Whether a container that is down is started when the daemon starts: `always` even after the user stopped it. */
export function startsWithDaemon(policy: RestartPolicy, stoppedByUser: boolean): boolean {
  return policy.name === 'always' || (policy.name === 'unless-stopped' && !stoppedByUser);
}
