import type { Log } from '../base/log.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { EventBus } from './event-bus.ts';

/** Everything the use cases work with, composed once in `daemon.ts`. */
export interface Engine {
  readonly config: DaemonConfig;
  readonly log: Log;
  readonly events: EventBus;
}
