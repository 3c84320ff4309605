import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { closeFd, own } from '../../src/kernel/fd.ts';
import {
  openPidfd,
  openSameProcess,
  readProcessStat,
  signalPidfd,
  signalSameProcess,
} from '../../src/kernel/processes.ts';
import { isErrno } from '../../src/kernel/syscall.ts';

test('a process is known by its pid and start time, and signalled by descriptor', async () => {
  const child = spawn('sleep', ['1000']);
  const pid = child.pid ?? 0;
  const exited = once(child, 'exit');
  const stat = readProcessStat(pid);
  assert.ok(stat);
  assert.equal(stat.parent, process.pid);
  const own_ = readProcessStat(process.pid);
  assert.ok(own_ && own_.startTime < stat.startTime);

  assert.equal(openSameProcess(pid, stat.startTime - 1n), undefined);
  assert.equal(signalSameProcess(pid, stat.startTime - 1n, 9), false);
  const same = openSameProcess(pid, stat.startTime);
  assert.ok(same);
  closeFd(same);

  using descriptor = own(openPidfd(pid));
  signalPidfd(descriptor.fd, 0);
  assert.equal(signalSameProcess(pid, stat.startTime, 15), true);
  assert.deepEqual(await exited, [null, 'SIGTERM']);
  assert.throws(
    () => signalPidfd(descriptor.fd, 0),
    (error) => isErrno(error, 'ESRCH'),
  );
  assert.equal(readProcessStat(pid), undefined);
  assert.equal(openSameProcess(pid, stat.startTime), undefined);
  assert.throws(
    () => openPidfd(pid),
    (error) => isErrno(error, 'ESRCH'),
  );
});
