import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodePath, encodePath, hasRawBytes } from './path-bytes.ts';

const ROWS = [
  { name: 'ascii', hex: '66696c65', want: 'file' },
  { name: 'two, three and four bytes', hex: 'c3a9e282acf09f9880', want: 'é€😀' },
  { name: 'latin-1', hex: '66fc72', want: 'f\udcfcr' },
  { name: 'cut off', hex: 'e282', want: '\udce2\udc82' },
  { name: 'overlong slash', hex: 'c0af', want: '\udcc0\udcaf' },
  { name: 'an encoded surrogate', hex: 'edb280', want: '\udced\udcb2\udc80' },
  { name: 'beyond Unicode', hex: 'f4908080', want: '\udcf4\udc90\udc80\udc80' },
  { name: 'a replacement character of its own', hex: 'efbfbdff', want: '\ufffd\udcff' },
  { name: 'a byte order mark', hex: 'efbbbf61', want: '\ufeffa' },
  { name: 'empty', hex: '', want: '' },
];

for (const { name, hex, want } of ROWS) {
  test(`path bytes: ${name}`, () => {
    const bytes = Buffer.from(hex, 'hex');
    assert.equal(decodePath(bytes), want);
    assert.deepEqual(encodePath(want), bytes);
    assert.equal(hasRawBytes(want), /[\udc80-\udcff]/.test(want) && name !== 'two, three and four bytes');
  });
}

test('path bytes: every byte comes back, after any other', () => {
  for (let first = 0; first < 256; first++) {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, i) => (i % 2 ? i >> 1 : first)));
    assert.deepEqual(encodePath(decodePath(bytes)), bytes);
  }
});
