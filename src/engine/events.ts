import type { Ctx } from '../base/ctx.ts';
import type { Filters } from '../containers/filters.ts';
import type { Engine } from './engine.ts';

export type EventType = 'container' | 'image' | 'network' | 'volume' | 'daemon' | 'builder';

export interface EngineEvent {
  readonly type: EventType;
  /** `create`, `start`, `exec_start: sh -c …`, `health_status: healthy` … */
  readonly action: string;
  readonly actorId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Nanoseconds since the epoch. */
  readonly timeNano: bigint;
}

export interface EventsOptions {
  /** Unix seconds with fraction, RFC 3339, or a Go duration before now; absent: from now on. */
  readonly since?: string;
  /** Absent: for ever. */
  readonly until?: string;
  readonly filters: Filters;
}

/** Past events that are still remembered, then live ones until `until` or until `ctx` is aborted. Subscribed when it returns. Errors: `invalid`. */
export function subscribeEvents(
  _ctx: Ctx,
  _engine: Engine,
  _options: EventsOptions,
): AsyncIterable<EngineEvent> {
  throw new Error('pending');
}
