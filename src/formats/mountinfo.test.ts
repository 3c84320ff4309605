import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { parseMountInfo } from './mountinfo.ts';

const root = {
  id: 27,
  parentId: 1,
  dev: '254:0',
  root: '/',
  mountPoint: '/',
  options: ['rw', 'relatime'],
  shared: 0,
  master: 0,
  unbindable: false,
  fsType: 'ext4',
  source: '/dev/vda',
  superOptions: ['rw', 'discard'],
};

const ROWS = [
  { name: 'plain', in: '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n', want: root },
  {
    name: 'shared and slave',
    in: '27 1 254:0 / / rw,relatime shared:5 master:7 propagate_from:2 - ext4 /dev/vda rw,discard',
    want: { ...root, shared: 5, master: 7 },
  },
  {
    name: 'unbindable',
    in: '27 1 254:0 / / rw,relatime unbindable - ext4 /dev/vda rw,discard',
    want: { ...root, unbindable: true },
  },
  {
    name: 'escapes',
    in: '27 1 254:0 /a\\040b /c\\011\\012\\134d rw,relatime - ext4 /dev/x\\043y rw,discard',
    want: { ...root, root: '/a b', mountPoint: '/c\t\n\\d', source: '/dev/x#y' },
  },
  {
    name: 'a mount point named -',
    in: '27 1 254:0 / - rw,relatime - ext4 /dev/vda rw,discard',
    want: { ...root, mountPoint: '-' },
  },
  {
    name: 'empty source',
    in: '27 1 254:0 / / rw,relatime - tmpfs  rw',
    want: { ...root, fsType: 'tmpfs', source: '', superOptions: ['rw'] },
  },
];

for (const row of ROWS) {
  test(`mountinfo: ${row.name}`, () => assert.deepEqual(parseMountInfo(row.in), [row.want]));
}

for (const line of ['27', '27 1 254:0 / / rw,relatime ext4 /dev/vda rw', '27 1 254:0 / / rw - ext4']) {
  test(`mountinfo refuses ${line}`, () => {
    assert.throws(
      () => parseMountInfo(line),
      (error) => isEngineError(error, 'invalid'),
    );
  });
}
