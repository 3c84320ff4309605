import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './duration.ts';
import { apiTimestamp } from './timestamp.ts';

test('Go durations', () => {
  const rows: [text: string, want: number | string][] = [
    ['0', 0],
    ['5s', 5e9],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['-200ms', -2e8],
    ['100us', 1e5],
    ['7ns', 7],
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['x', 'time: invalid duration "x"'],
    ['300000000h', 'time: invalid duration "300000000h"'],
  ];
  for (const [text, want] of rows) {
    if (typeof want === 'string') assert.throws(() => parseDuration(text), { message: want }, text);
    else assert.equal(parseDuration(text), want, text);
  }
});

test('Go durations written', () => {
  const rows: [ns: number, want: string][] = [
    [0, '0s'],
    [1500, '1.5µs'],
    [2e8, '200ms'],
    [5400e9, '1h30m0s'],
    [61.5e9, '1m1.5s'],
    [-30e9, '-30s'],
  ];
  for (const [ns, want] of rows) assert.equal(formatDuration(ns), want);
});

test('times for the API', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  const rows: [text: string, want: string][] = [
    ['10s', `${Math.floor(now / 1000) - 10}`],
    ['0s', `${Math.floor(now / 1000)}`],
    ['1136073600', '1136073600'],
    ['1136073600.000000001', '1136073600.000000001'],
    ['2006-01-02T15:04:05.999999999Z', '1136214245.999999999'],
    ['2006-01-02T15:04:05+07:00', '1136189045.000000000'],
    ['2006-01-02Z', '1136160000.000000000'],
  ];
  for (const [text, want] of rows) assert.equal(apiTimestamp(text, now), want, text);
  assert.throws(() => apiTimestamp('yesterday', now), { kind: 'invalid' });
});
