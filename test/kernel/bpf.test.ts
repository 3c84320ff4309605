import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { test } from 'node:test';
import { attachedPrograms, setDeviceRules } from '../../src/kernel/bpf.ts';
import { detectCgroups } from '../../src/kernel/cgroup-layout.ts';
import type { DeviceRule } from '../../src/kernel/cgroup-limits.ts';
import { O_DIRECTORY, O_RDONLY } from '../../src/kernel/constants.ts';
import { openPath, own } from '../../src/kernel/fd.ts';

const layout = detectCgroups();
const mountPoint = layout.version === 2 ? layout.mountPoint : layout.unified;
const skip = mountPoint === undefined && 'the host has no cgroup v2 tree';

const null_: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' };
const zero: DeviceRule = { allow: true, type: 'c', major: 1, minor: 5, access: 'r' };

test('a device program is enforced, and replaced without a gap', { skip }, () => {
  const directory = `${mountPoint}/gantry-test-bpf-${process.pid}`;
  const canOpen = (): string =>
    execFileSync(
      '/bin/sh',
      [
        '-c',
        `echo $$ > ${directory}/cgroup.procs
         for mode in 'read null' 'read zero' 'write zero'; do
           set -- $mode
           case $1 in read) (: </dev/$2) ;; write) (: >/dev/$2) ;; esac && echo $mode
         done; exit 0`,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ).trim();

  mkdirSync(directory);
  try {
    using cgroup = own(openPath(directory, O_RDONLY | O_DIRECTORY));
    assert.deepEqual(attachedPrograms(cgroup.fd), []);
    assert.equal(canOpen(), 'read null\nread zero\nwrite zero');
    setDeviceRules(cgroup.fd, [{ allow: false }, null_]);
    assert.equal(canOpen(), 'read null');
    assert.equal(attachedPrograms(cgroup.fd).length, 1);
    setDeviceRules(cgroup.fd, [{ allow: false }, null_, zero]);
    assert.equal(canOpen(), 'read null\nread zero');
    assert.equal(attachedPrograms(cgroup.fd).length, 1);
    setDeviceRules(cgroup.fd, [{ allow: true }]);
    assert.equal(canOpen(), 'read null\nread zero\nwrite zero');
  } finally {
    rmdirSync(directory);
  }
});
