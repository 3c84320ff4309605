import assert from 'node:assert/strict';
import { constants as files } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { openFlags } from './constants.ts';
import { errnoName, errnoNumber } from './errno.ts';
import { closeFd, openPath, own } from './fd.ts';
import { isErrno, SyscallError, syscall } from './syscall.ts';
import { hostArch, syscallNumber } from './syscall-numbers.ts';

test('errno names agree with those Node knows', () => {
  for (const [name, number] of Object.entries(constants.errno)) {
    if (name === 'EWOULDBLOCK' || name === 'ENOTSUP') continue;
    assert.equal(errnoName(number), name);
    assert.equal(errnoNumber(name), number);
  }
  assert.deepEqual([errnoName(133), errnoName(122), errnoName(4095)], ['EHWPOISON', 'EDQUOT', 'E4095']);
});

test('system calls have their own numbers on each architecture', () => {
  // Spot checks: syscall_64.tbl and asm-generic/unistd.h.
  assert.deepEqual([syscallNumber('openat', 'x64'), syscallNumber('openat', 'arm64')], [257, 56]);
  assert.deepEqual([syscallNumber('mount', 'x64'), syscallNumber('mount', 'arm64')], [165, 40]);
  assert.deepEqual([syscallNumber('setns', 'x64'), syscallNumber('setns', 'arm64')], [308, 268]);
  assert.deepEqual([syscallNumber('openat2', 'x64'), syscallNumber('openat2', 'arm64')], [437, 437]);
  assert.equal(hostArch('arm64'), 'arm64');
  assert.throws(
    () => hostArch('riscv64'),
    (error) => isEngineError(error, 'not-implemented'),
  );
});

test('open flags differ on arm64', () => {
  const { O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_TMPFILE } = openFlags('arm64');
  assert.deepEqual([O_DIRECTORY, O_NOFOLLOW, O_DIRECT, O_TMPFILE], [0o40000, 0o100000, 0o200000, 0o20040000]);
  const here = openFlags(hostArch());
  assert.deepEqual(
    [here.O_DIRECTORY, here.O_NOFOLLOW, here.O_DIRECT, here.O_CREAT, here.O_EXCL, here.O_NONBLOCK],
    [files.O_DIRECTORY, files.O_NOFOLLOW, files.O_DIRECT, files.O_CREAT, files.O_EXCL, files.O_NONBLOCK],
  );
});

test('a failed call says what failed, on what, and why', () => {
  assert.throws(
    () => openPath('/no/such/file', 0),
    (error: unknown) => {
      assert.ok(error instanceof SyscallError);
      const { syscall, errno, code, path, kind, message } = error;
      assert.deepEqual(
        { syscall, errno, code, path, kind },
        { syscall: 'openat', errno: 2, code: 'ENOENT', path: '/no/such/file', kind: 'system' },
      );
      assert.match(message, /^openat \/no\/such\/file: ENOENT: no such file or directory$/i);
      return true;
    },
  );
});

test('a full disk and a full quota have a kind of their own', () => {
  assert.deepEqual(
    [28, 122, 5].map((errno) => new SyscallError('write', errno).kind),
    ['no-space', 'no-space', 'system'],
  );
});

test('expected failures come as numbers, and late ones as rejections', async () => {
  const close = syscall('close', 'int');
  assert.equal(close.attempt(999_999), -errnoNumber('EBADF'));
  await assert.rejects(close.later(999_999), (error) => isErrno(error, 'EBADF'));
});

test('a descriptor has one owner', () => {
  const owned = own(openPath('/', 0));
  const fd = owned.release();
  assert.throws(() => owned.fd, /closed or released/);
  owned.close();
  closeFd(fd);
  assert.throws(() => closeFd(fd), /closed twice/);
});
