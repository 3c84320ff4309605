import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortMountOptions } from './mount-options.ts';

const nothing = { set: [], clear: [], setRecursive: [], clearRecursive: [], data: [] };
const rows = [
  { in: [], want: {} },
  { in: ['rbind', 'ro', 'nosuid'], want: { bind: 'rbind', set: ['ro', 'nosuid'] } },
  { in: ['ro', 'rw'], want: { clear: ['ro'] } },
  { in: ['rro', 'rnodev'], want: { setRecursive: ['ro', 'nodev'] } },
  { in: ['ro', 'rrw'], want: { set: ['ro'], clearRecursive: ['ro'] } },
  { in: ['relatime', 'norelatime'], want: { set: ['relatime', 'strictatime'] } },
  { in: ['shared', 'rslave'], want: { propagation: { type: 'slave', recursive: true } } },
  { in: ['private'], want: { propagation: { type: 'private', recursive: false } } },
  { in: ['defaults', 'async', 'size=64m', 'constructor'], want: { data: ['size=64m', 'constructor'] } },
];
for (const { in: options, want } of rows) {
  test(`mount options: ${options.join(',')}`, () => {
    assert.deepEqual(sortMountOptions(options, 'mounts[0]'), { ...nothing, ...want });
  });
}

for (const option of ['remount', 'tmpcopyup', 'idmap', 'ridmap']) {
  test(`mount options: ${option} is refused by its place`, () => {
    const message = new RegExp(`^mounts\\[3\\]\\.options\\[1\\]: ${option}: `);
    assert.throws(() => sortMountOptions(['ro', option], 'mounts[3]'), { kind: 'not-implemented', message });
  });
}
