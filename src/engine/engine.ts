import type { Log } from '../base/log.ts';

/** Everything the use cases work with, composed once in `daemon.ts` by `openEngine`. */
export interface Engine {
  readonly config: EngineConfig;
  readonly log: Log;
}

export interface EngineConfig {
  /** Persistent data, `/var/lib/gantry`. */
  readonly dataRoot: string;
  /** Run-time state, `/run/gantry`; does not survive a reboot. */
  readonly runRoot: string;
  /** Labels of the daemon itself, `key=value`. */
  readonly labels: readonly string[];
  readonly debug: boolean;
}
