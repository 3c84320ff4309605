import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { parseTimeQuery } from './time-query.ts';

for (const { text, want } of [
  { text: undefined, want: undefined },
  { text: '', want: undefined },
  { text: '0', want: undefined },
  { text: '1700000000', want: 1_700_000_000_000_000_000n },
  { text: '1700000000.5', want: 1_700_000_000_500_000_000n },
  { text: '1700000000.000000001', want: 1_700_000_000_000_000_001n },
  { text: '-1.5', want: -1_500_000_000n },
  { text: '2023-11-14T22:13:20Z', want: 1_700_000_000_000_000_000n },
]) {
  test(`time in a query: ${text}`, () => assert.equal(parseTimeQuery(text), want));
}

test('a duration counts back from now', () => {
  const hourAgo = Number((parseTimeQuery('1h') ?? 0n) / 1_000_000n);
  assert.ok(Math.abs(Date.now() - 3_600_000 - hourAgo) < 1000);
});

test('anything else is refused', () => {
  assert.throws(
    () => parseTimeQuery('yesterday'),
    (error) => isEngineError(error, 'invalid'),
  );
});
