import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import type { EngineEvent } from './event-bus.ts';
import { compileEventFilter } from './event-filter.ts';

const start: EngineEvent = {
  type: 'container',
  action: 'start',
  actorId: 'abcdef',
  attributes: { name: 'web', image: 'localhost:5000/app:1', tier: 'front' },
  timeNano: 0n,
};
const exec: EngineEvent = { ...start, action: 'exec_start: sh -c x' };
const pull: EngineEvent = {
  type: 'image',
  action: 'pull',
  actorId: 'app:1',
  attributes: { name: 'app' },
  timeNano: 0n,
};

const rows: { filter: Record<string, string[]>; event: EngineEvent; want: boolean }[] = [
  { filter: {}, event: start, want: true },
  { filter: { event: ['start'] }, event: start, want: true },
  { filter: { event: ['stop', 'start'] }, event: start, want: true },
  { filter: { event: ['stop'] }, event: start, want: false },
  { filter: { event: ['exec_start'] }, event: exec, want: true },
  { filter: { event: ['exec_start: sh -c x'] }, event: exec, want: true },
  { filter: { type: ['image'] }, event: start, want: false },
  { filter: { type: ['container'], event: ['start'] }, event: start, want: true },
  { filter: { scope: ['swarm'] }, event: start, want: false },
  { filter: { container: ['abc'] }, event: start, want: true },
  { filter: { container: ['we'] }, event: start, want: true },
  { filter: { container: ['b'] }, event: start, want: false },
  { filter: { container: ['app'] }, event: pull, want: false },
  { filter: { image: ['localhost:5000/app:1'] }, event: start, want: true },
  { filter: { image: ['localhost:5000/app'] }, event: start, want: true },
  { filter: { image: ['localhost'] }, event: start, want: false },
  { filter: { image: ['app'] }, event: pull, want: true },
  { filter: { image: ['app:1'] }, event: pull, want: true },
  { filter: { label: ['tier=front'] }, event: start, want: true },
  { filter: { label: ['tier=back'] }, event: start, want: false },
  { filter: { label: ['tier', 'image'] }, event: start, want: true },
];

for (const { filter, event, want } of rows) {
  test(`event filter ${JSON.stringify(filter)} ${want ? 'takes' : 'drops'} ${event.action}`, () => {
    assert.equal(compileEventFilter(new Map(Object.entries(filter)))(event), want);
  });
}

test('an unknown event filter is refused', () => {
  assert.throws(
    () => compileEventFilter(new Map([['colour', ['red']]])),
    (error) => isEngineError(error, 'invalid') && error.message === "invalid filter 'colour'",
  );
});
