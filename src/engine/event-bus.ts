import { EngineError } from '../base/errors.ts';
import { nowNano } from '../containers/clock.ts';

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

/** How many past events are remembered, as many as dockerd does. */
const REMEMBERED = 256;
/** A listener further behind than this is cut off rather than kept in memory. */
const MAX_BEHIND = 16_384;

/** A live listener. Iterating it waits for events; `close` ends the iteration. */
export interface EventSubscription extends AsyncIterable<EngineEvent> {
  close(): void;
}

/** Publishes what happens in the engine, in order, to all who listen now, and remembers the last of it. */
export class EventBus {
  readonly #past: EngineEvent[] = [];
  readonly #listeners = new Set<Listener>();

  publish(
    type: EventType,
    action: string,
    actorId: string,
    attributes: Readonly<Record<string, string>>,
  ): void {
    const event: EngineEvent = { type, action, actorId, attributes, timeNano: nowNano() };
    this.#past.push(event);
    if (this.#past.length > REMEMBERED) this.#past.shift();
    for (const listener of this.#listeners) listener.push(event);
  }

  /** What is remembered, oldest first. */
  past(): readonly EngineEvent[] {
    return [...this.#past];
  }

  /** Listens from now on. */
  subscribe(): EventSubscription {
    const listener = new Listener(() => this.#listeners.delete(listener));
    this.#listeners.add(listener);
    return listener;
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

class Listener implements EventSubscription {
  readonly #queue: EngineEvent[] = [];
  readonly #leave: () => void;
  #wake: (() => void) | undefined;
  #state: 'open' | 'closed' | 'overrun' = 'open';

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(event: EngineEvent): void {
    if (this.#queue.length < MAX_BEHIND) this.#queue.push(event);
    else this.#end('overrun');
    this.#wake?.();
  }

  close(): void {
    this.#end('closed');
  }

  #end(state: 'closed' | 'overrun'): void {
    if (this.#state === 'open') this.#state = state;
    this.#leave();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EngineEvent> {
    try {
      for (;;) {
        const event = this.#queue.shift();
        if (event) yield event;
        else if (this.#state === 'closed') return;
        else if (this.#state === 'overrun') {
          throw new EngineError('unavailable', `the listener is ${MAX_BEHIND} events behind`);
        } else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.close();
    }
  }
}
