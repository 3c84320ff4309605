import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { DetachFilter, parseDetachKeys } from './detach-keys.ts';

for (const [text, want] of [
  [undefined, [16, 17]],
  ['', [16, 17]],
  ['ctrl-a', [1]],
  ['ctrl-@,ctrl-_', [0, 31]],
  ['a,b', [97, 98]],
  ['ctrl-\\,DEL', [28, 127]],
] as const) {
  test(`detach keys ${text}`, () => assert.deepEqual([...parseDetachKeys(text)], want));
}

for (const bad of ['ctrl-', 'ctrl-A', 'ctrl-1', 'ab', 'a,,b', 'é']) {
  test(`no detach keys: ${bad}`, () => {
    assert.throws(
      () => parseDetachKeys(bad),
      (error) =>
        isEngineError(error, 'invalid') && error.message.startsWith(`Invalid detach keys (${bad}) provided`),
    );
  });
}

const streams: { name: string; keys: string; chunks: string[]; want: string; detached: boolean }[] = [
  { name: 'nothing to see', keys: 'a,b', chunks: ['hello'], want: 'hello', detached: false },
  { name: 'the sequence', keys: 'a,b', chunks: ['xaby'], want: 'x', detached: true },
  { name: 'in two pieces', keys: 'a,b', chunks: ['xa', 'by'], want: 'x', detached: true },
  {
    name: 'a false beginning is delivered',
    keys: 'a,b',
    chunks: ['xa', 'cd'],
    want: 'xacd',
    detached: false,
  },
  { name: 'a beginning at the end is held', keys: 'a,b', chunks: ['xa'], want: 'x', detached: false },
  { name: 'the first key twice', keys: 'a,b', chunks: ['aab'], want: 'a', detached: true },
  { name: 'overlap with itself', keys: 'a,a,b', chunks: ['aa', 'ab'], want: 'a', detached: true },
  { name: 'a longer overlap', keys: 'a,b,a,c', chunks: ['ababac'], want: 'ab', detached: true },
  { name: 'one key', keys: 'ctrl-c', chunks: ['x\x03y'], want: 'x', detached: true },
];

for (const { name, keys, chunks, want, detached } of streams) {
  test(`detach filter: ${name}`, () => {
    const filter = new DetachFilter(parseDetachKeys(keys));
    let text = '';
    let seen = false;
    for (const chunk of chunks) {
      if (seen) break;
      const result = filter.push(Buffer.from(chunk));
      text += result.data;
      seen = result.detached;
    }
    assert.deepEqual({ text, seen }, { text: want, seen: detached });
  });
}
