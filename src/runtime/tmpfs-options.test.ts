import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tmpfsOptions } from './tmpfs-options.ts';

const rows = [
  { name: 'nothing given', in: [], want: ['noexec', 'nosuid', 'nodev', 'rprivate'] },
  { name: 'defaults', in: ['defaults'], want: ['noexec', 'nosuid', 'nodev', 'rprivate'] },
  { name: 'an opposite', in: ['exec'], want: ['nosuid', 'nodev', 'rprivate', 'exec'] },
  { name: 'the last of a flag', in: ['ro', 'rw'], want: ['noexec', 'nosuid', 'nodev', 'rprivate', 'rw'] },
  {
    name: 'the last of a value',
    in: ['size=1m', 'mode=1777', 'size=2m'],
    want: ['noexec', 'nosuid', 'nodev', 'rprivate', 'mode=1777', 'size=2m'],
  },
];
for (const row of rows) {
  test(`tmpfs options: ${row.name}`, () => assert.deepEqual(tmpfsOptions(row.in), row.want));
}

for (const option of ['size', 'lowerdir=/etc', 'bogus', '']) {
  test(`tmpfs options: ${JSON.stringify(option)} is refused`, () => {
    assert.throws(() => tmpfsOptions([option]), { kind: 'invalid', message: /^invalid tmpfs option \[/ });
  });
}
