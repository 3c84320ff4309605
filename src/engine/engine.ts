import type { KeyedLock } from '../base/keyed-lock.ts';
import type { Log } from '../base/log.ts';
import type { ExecTable } from '../containers/exec.ts';
import type { ContainerTable } from '../containers/table.ts';
import type { Waiters } from '../containers/waiters.ts';
import type { ContentProvider } from '../content/content.ts';
import type { SpecHost } from '../runtime/default-spec.ts';
import type { Launcher } from '../runtime/launch.ts';
import type { Snapshotter } from '../snapshots/snapshotter.ts';
import type { Store } from '../store/store.ts';
import type { Attachments } from './attachments.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { EventBus } from './event-bus.ts';
import type { HostInfo } from './host-info.ts';
import type { Paths } from './paths.ts';
import type { Restarts } from './restarts.ts';
import type { Runs } from './runs.ts';

/** Everything the use cases work with, composed once in `daemon.ts`. */
export interface Engine {
  /** Unique to this engine, lasting. */
  readonly id: string;
  readonly config: DaemonConfig;
  readonly log: Log;
  readonly paths: Paths;
  readonly host: HostInfo;
  /** What containers' specs are made from, and what they are launched with. */
  readonly specHost: SpecHost;
  readonly launcher: Launcher;
  readonly store: Store;
  readonly content: ContentProvider;
  readonly snapshots: Snapshotter;
  readonly containers: ContainerTable;
  readonly runs: Runs;
  readonly restarts: Restarts;
  readonly attachments: Attachments;
  readonly execs: ExecTable;
  readonly waiters: Waiters;
  /** One queue per container for whatever changes its state. */
  readonly locks: KeyedLock;
  readonly events: EventBus;
}
