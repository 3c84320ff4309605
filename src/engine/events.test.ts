import assert from 'node:assert/strict';
import test from 'node:test';
import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { isEngineError } from '../base/errors.ts';
import type { Engine } from './engine.ts';
import { type EngineEvent, EventBus } from './event-bus.ts';
import { type EventsOptions, subscribeEvents } from './events.ts';

const withBus = (events: EventBus): Engine => ({ events }) as Engine;

function open(bus: EventBus, options: Partial<EventsOptions>, ctx: Ctx = backgroundCtx()) {
  return subscribeEvents(ctx, withBus(bus), { filters: new Map(), ...options })[Symbol.asyncIterator]();
}

async function actions(from: AsyncIterator<EngineEvent>): Promise<string[]> {
  const seen: string[] = [];
  for (let step = await from.next(); !step.done; step = await from.next()) seen.push(step.value.action);
  return seen;
}

const inFuture = (ms: number): string => ((Date.now() + ms) / 1000).toFixed(9);

test('without since, only what happens from now on; until ends it by the clock', async () => {
  const bus = new EventBus();
  bus.publish('container', 'before', 'a', {});
  const listening = open(bus, { filters: new Map([['event', ['one', 'two']]]) });
  bus.publish('container', 'one', 'a', {});
  bus.publish('container', 'three', 'a', {});
  bus.publish('container', 'two', 'a', {});
  assert.equal((await listening.next()).value?.action, 'one');
  assert.equal((await listening.next()).value?.action, 'two');
  await listening.return?.();
  assert.equal(bus.listeners, 0);
});

test('since replays what is remembered, then goes on live without a gap', async () => {
  const bus = new EventBus();
  for (let n = 0; n < 300; n++) bus.publish('container', `e${n}`, 'a', {});
  const listening = open(bus, { since: '1', until: inFuture(60) });
  bus.publish('container', 'live', 'a', {});
  const seen = await actions(listening);
  assert.equal(seen.length, 257);
  assert.deepEqual([seen[0], seen.at(-2), seen.at(-1)], ['e44', 'e299', 'live']);
  assert.equal(bus.listeners, 0);
});

test('an until in the past replays and ends', async () => {
  const bus = new EventBus();
  bus.publish('container', 'old', 'a', {});
  const until = inFuture(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  bus.publish('container', 'late', 'a', {});
  assert.deepEqual(await actions(open(bus, { until })), ['old']);
});

test('the listener ends when its client leaves', async () => {
  const bus = new EventBus();
  const client = new AbortController();
  const listening = open(bus, {}, { ...backgroundCtx(), signal: client.signal });
  const waiting = listening.next();
  client.abort();
  assert.equal((await waiting).done, true);
  assert.equal(bus.listeners, 0);
});

test('a listener too far behind is told so instead of filling memory', async () => {
  const bus = new EventBus();
  const listening = open(bus, {});
  for (let n = 0; n < 17_000; n++) bus.publish('container', 'e', 'a', {});
  await assert.rejects(actions(listening), (error) => isEngineError(error, 'unavailable'));
  assert.equal(bus.listeners, 0);
});

for (const options of [{ since: 'yesterday' }, { since: '20', until: '10' }]) {
  test(`refused: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => open(new EventBus(), options),
      (error) => isEngineError(error, 'invalid'),
    );
  });
}
