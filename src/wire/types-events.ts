import type { StringMap } from './types-common.ts';

export type EventType =
  | 'builder'
  | 'config'
  | 'container'
  | 'daemon'
  | 'image'
  | 'network'
  | 'node'
  | 'plugin'
  | 'secret'
  | 'service'
  | 'volume';

/** One record of `GET /events`. `timeNano` exceeds 2^53: readers that need it exactly decode it as bigint. */
export interface EventMessage {
  /** Deprecated: the action, for containers and images only. */
  status?: string;
  /** Deprecated: the actor's ID. */
  id?: string;
  /** Deprecated: the image of a container. */
  from?: string;
  Type: EventType;
  Action: string;
  Actor: { ID: string; Attributes: StringMap };
  scope: 'local' | 'swarm';
  /** Seconds since the epoch. */
  time: number;
  /** Nanoseconds since the epoch. */
  timeNano: number | bigint;
}
