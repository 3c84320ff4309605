import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Filters } from '../containers/filters.ts';
import type { Engine } from './engine.ts';
import type { EngineEvent } from './event-bus.ts';
import { compileEventFilter } from './event-filter.ts';
import { parseTimeQuery } from './time-query.ts';

export interface EventsOptions {
  /** Unix seconds with fraction, RFC 3339, or a Go duration before now; absent: from now on. */
  readonly since?: string;
  /** Absent: for ever. */
  readonly until?: string;
  readonly filters: Filters;
}

/**
 * Past events that are still remembered, when `since` or `until` asks for them, then live ones until `until` or until
 * `ctx` is aborted. Subscribed when it returns. Errors: `invalid` (time, filter).
 */
export function subscribeEvents(
  ctx: Ctx,
  engine: Engine,
  options: EventsOptions,
): AsyncIterable<EngineEvent> {
  const since = parseTimeQuery(options.since);
  const until = parseTimeQuery(options.until);
  if (since !== undefined && until !== undefined && until < since) {
    throw new EngineError(
      'invalid',
      `since must precede until: since ${options.since}, until ${options.until}`,
    );
  }
  const matches = compileEventFilter(options.filters);
  const replay = since !== undefined || until !== undefined;
  const past = replay ? engine.events.past().filter((event) => event.timeNano >= (since ?? 0n)) : [];
  const live = engine.events.subscribe();
  const release = closeAt(ctx, live, until);

  return (async function* () {
    try {
      for (const event of past) {
        if (until !== undefined && event.timeNano > until) return;
        if (matches(event)) yield event;
      }
      for await (const event of live) {
        if (until !== undefined && event.timeNano > until) return;
        if (matches(event)) yield event;
      }
    } finally {
      release();
      live.close();
    }
  })();
}

const LONGEST_TIMER = 2 ** 31 - 1;

/** Closes `live` when the caller leaves or the time has come; returns what takes both back. */
function closeAt(ctx: Ctx, live: { close(): void }, until: bigint | undefined): () => void {
  const close = (): void => live.close();
  if (ctx.signal.aborted) close();
  ctx.signal.addEventListener('abort', close, { once: true });
  const delay = until === undefined ? LONGEST_TIMER : Number(until / 1_000_000n) + 1 - Date.now();
  const timer = delay < LONGEST_TIMER ? setTimeout(close, Math.max(0, delay)) : undefined;
  return () => {
    ctx.signal.removeEventListener('abort', close);
    clearTimeout(timer);
  };
}
