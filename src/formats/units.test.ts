import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanBinarySize, humanDuration, humanSize, parseSize } from './units.ts';

test('sizes for people', () => {
  const rows: [bytes: number, decimal: string, three: string, binary: string][] = [
    [0, '0B', '0B', '0B'],
    [999, '999B', '999B', '999B'],
    [1000, '1kB', '1kB', '1000B'],
    [1984207, '1.984MB', '1.98MB', '1.892MiB'],
    [72_800_000, '72.8MB', '72.8MB', '69.43MiB'],
    [123_456_789_012, '123.5GB', '123GB', '115GiB'],
    [25276502016, '25.28GB', '25.3GB', '23.54GiB'],
    [999_999, '1000kB', '1e+03kB', '976.6KiB'],
    [2 ** 80, '1.209YB', '1.21YB', '1YiB'],
  ];
  for (const [bytes, decimal, three, binary] of rows) {
    assert.deepEqual(
      [humanSize(bytes), humanSize(bytes, 3), humanBinarySize(bytes)],
      [decimal, three, binary],
    );
  }
});

test('sizes read back', () => {
  const rows: [text: string, bytes: number | RegExp][] = [
    ['32', 32],
    ['32b', 32],
    ['512m', 512 * 1024 ** 2],
    ['32KiB', 32768],
    ['32 kb', 32768],
    ['1.5G', 1.5 * 1024 ** 3],
    ['.5k', 512],
    ['0', 0],
    ['', /^invalid size: ''$/],
    ['hello', /^invalid size: 'hello'$/],
    ['1x', /^invalid suffix: 'x'$/],
    ['32bb', /^invalid suffix: 'bb'$/],
    ['32mx', /^invalid suffix: 'mx'$/],
    ['32.3.3', /parsing "32.3.3": invalid syntax$/],
    ['-1', /^invalid size: '-1'$/],
  ];
  for (const [text, want] of rows) {
    if (want instanceof RegExp)
      assert.throws(() => parseSize(text), { message: want, kind: 'invalid' }, text);
    else assert.equal(parseSize(text), want, text);
  }
  assert.equal(parseSize('1k', 1000), 1000);
});

test('durations for people', () => {
  const second = 1000;
  const hour = 3600 * second;
  const day = 24 * hour;
  const rows: [ms: number, want: string][] = [
    [450, 'Less than a second'],
    [second, '1 second'],
    [45 * second, '45 seconds'],
    [60 * second, 'About a minute'],
    [119 * second, 'About a minute'],
    [3 * 60 * second, '3 minutes'],
    [60 * 60 * second, 'About an hour'],
    [89 * 60 * second, 'About an hour'],
    [90 * 60 * second, '2 hours'],
    [47 * hour, '47 hours'],
    [2 * day, '2 days'],
    [13 * day, '13 days'],
    [14 * day, '2 weeks'],
    [59 * day, '8 weeks'],
    [60 * day, '2 months'],
    [24 * 30 * day, '24 months'],
    [2 * 365 * day, '2 years'],
  ];
  for (const [ms, want] of rows) assert.equal(humanDuration(ms), want);
});
