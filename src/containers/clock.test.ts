import assert from 'node:assert/strict';
import test from 'node:test';
import { formatNano, nowNano, parseNano } from './clock.ts';

const rows = [
  { name: 'whole seconds', nano: 1_700_000_000_000_000_000n, text: '2023-11-14T22:13:20Z' },
  { name: 'trailing zeros go', nano: 1_700_000_000_640_013_630n, text: '2023-11-14T22:13:20.64001363Z' },
  { name: 'leading zeros stay', nano: 1_700_000_000_000_000_001n, text: '2023-11-14T22:13:20.000000001Z' },
];

for (const { name, nano, text } of rows) {
  test(`RFC3339Nano: ${name}`, () => {
    assert.equal(formatNano(nano), text);
    assert.equal(parseNano(text), nano);
  });
}

test('a zone other than UTC is understood', () => {
  assert.equal(parseNano('2023-11-15T07:13:20+09:00'), 1_700_000_000_000_000_000n);
});

for (const bad of ['', '2023', '2023-11-14 22:13:20Z', '2023-13-14T22:13:20Z', 'now']) {
  test(`not a time: ${JSON.stringify(bad)}`, () => assert.equal(parseNano(bad), undefined));
}

test('now follows the wall clock and never runs backwards between two calls', () => {
  const before = nowNano();
  const after = nowNano();
  assert.ok(after >= before);
  assert.ok(Math.abs(Number(after / 1_000_000n) - Date.now()) < 20);
});
