import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import type { CreateOp } from '../../src/kernel/shim-ops.ts';
import { devices, ENV, Lab, MOUNTS, printed } from './lab.ts';

test('masked and read-only paths', async () => {
  await using lab = new Lab();
  const masks = [
    '/proc/keys',
    '/proc/interrupts',
    '/sys/firmware',
    '/proc/scsi',
    '/nosuch',
    '/etc/plain/below',
  ];
  const text = await printed(
    lab,
    'cat /proc/keys | wc -c; ls /sys/firmware | wc -l; touch /sys/firmware/x; chmod 777 /proc/keys; ' +
      'echo 1 >/proc/sys/kernel/panic; cat /proc/sys/kernel/ostype; grep -c . /proc/interrupts',
    [...masks.map((path): CreateOp => ({ op: 'mask', path })), { op: 'readonlyPath', path: '/proc/sys' }],
  );
  const [kcore, firmware, ostype, timers, ...errors] = text.split('\n');
  assert.deepEqual([kcore, firmware, ostype, timers], ['0', '0', 'Linux', '0']);
  assert.deepEqual(
    errors.map((line) => line.replace(/.*: /, '')).filter(Boolean),
    Array(3).fill('Read-only file system'),
  );
  assert.equal(statSync('/dev/null').mode & 0o777, 0o666);
});

test('directories, files, nodes and symlinks', async () => {
  await using lab = new Lab();
  const text = await printed(
    lab,
    'cd /; stat -c "%n %F %a %u:%g %t:%T" d/e f dev/fuse dev/pipe etc/plain; readlink dev/fd',
    [
      { op: 'mkdir', path: '/d/e', mode: 0o750, uid: 5, gid: 6 },
      { op: 'mkfile', path: '/f', mode: 0o640 },
      { op: 'mkfile', path: '/etc/plain', mode: 0o600 },
      { op: 'mknod', path: '/dev/fuse', type: 'c', major: 10, minor: 229, mode: 0o660, uid: 7, gid: 8 },
      { op: 'mknod', path: '/dev/pipe', type: 'p', major: 0, minor: 0, mode: 0o600, uid: 0, gid: 0 },
      { op: 'mknod', path: '/dev/null', type: 'c', major: 1, minor: 3, mode: 0o666, uid: 0, gid: 0 },
      { op: 'symlink', path: '/dev/fd', to: '/proc/self/fd' },
    ],
  );
  assert.equal(
    text,
    'd/e directory 750 5:6 0:0\nf regular empty file 640 0:0 0:0\ndev/fuse character special file 660 7:8 a:e5\n' +
      'dev/pipe fifo 600 0:0 0:0\netc/plain regular file 644 0:0 0:0\n/proc/self/fd\n',
  );
  const other: CreateOp = {
    op: 'mknod',
    path: '/dev/zero',
    type: 'c',
    major: 1,
    minor: 3,
    mode: 0o666,
    uid: 0,
    gid: 0,
  };
  await assert.rejects(
    lab.create({ more: [other] }),
    /\/dev\/zero is there already and something else: EEXIST/,
  );
});

test('nothing in a container says where it came from', async () => {
  await using lab = new Lab();
  const container = await lab.run('cat /proc/1/environ; cat /proc/self/mounts', {
    mounts: [...MOUNTS, ...devices()],
  });
  const { stdout } = await container.finish();
  assert.ok(stdout.startsWith(ENV.join('\0')));
  assert.ok(!/oldroot|gantry-shim-.*rootfs/.test(stdout.replace(/(lower|upper|work)dir=[^, ]*/g, '')));
});
