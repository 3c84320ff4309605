import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFields, encodeProgram } from './shim-encode.ts';
import type { Op } from './shim-ops.ts';

const rows: { name: string; in: Op; want: string }[] = [
  { name: 'no fields', in: { op: 'pivotRoot' }, want: '12000000 00000000' },
  {
    name: 'strings end in a NUL that is not counted',
    in: { op: 'hostname', name: 'héé' },
    want: '13000000 0a000000 05000000 68c3a9c3a900',
  },
  {
    name: 'bytes of a path that are not UTF-8 survive',
    in: { op: 'mask', path: '/\udcff' },
    want: '0b000000 07000000 02000000 2fff00',
  },
  {
    name: 'lists',
    in: { op: 'exec', argv: ['a', 'bc'], env: [] },
    want: '2c000000 15000000 02000000 05000000 6100 626300 00000000 00000000',
  },
  {
    name: 'numbers',
    in: { op: 'identity', uid: 1, gid: 2, groups: [3, 4294967295] },
    want: '28000000 14000000 01000000 02000000 02000000 03000000 ffffffff',
  },
  {
    name: 'negative numbers as two’s complement',
    in: { op: 'oomScoreAdj', value: -1000 },
    want: '22000000 04000000 18fcffff',
  },
  {
    name: 'unlimited',
    in: { op: 'rlimit', resource: 'RLIMIT_NOFILE', soft: 1024n, hard: 0xffffffffffffffffn },
    want: '21000000 14000000 07000000 0004000000000000 ffffffffffffffff',
  },
  {
    name: 'an access time mode is set by clearing the field',
    in: { op: 'mountAttributes', target: '/', set: ['ro', 'noatime'], clear: ['nosuid'], recursive: true },
    want: '0a000000 16000000 01000000 2f00 01000000 11000000 72000000 00000000',
  },
];

for (const row of rows) {
  test(`encodes ${row.name}`, () => {
    const bytes = encodeProgram([row.in]);
    assert.equal(bytes.subarray(0, 4).toString('hex'), '01000000');
    assert.equal(bytes.subarray(4).toString('hex'), row.want.replaceAll(' ', ''));
  });
}

test('refuses what cannot be expressed, naming the operation', () => {
  assert.throws(() => encodeProgram([{ op: 'hostname', name: 'a\0b' }]), {
    kind: 'invalid',
    message: 'operation 0 (hostname): "a\\u0000b" holds a NUL byte',
  });
  assert.throws(() => encodeProgram([{ op: 'pivotRoot' }, { op: 'umask', mask: -1 }]), {
    kind: 'invalid',
    message: 'operation 1 (umask): -1 is not a number from 0 to 4294967295',
  });
  assert.throws(() => encodeFields('u', ['text'], 'x'), /a string for u/);
});
