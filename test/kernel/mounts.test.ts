import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import { statEntry } from '../../src/kernel/attributes.ts';
import { createFile } from '../../src/kernel/entries.ts';
import { closeFd, own } from '../../src/kernel/fd.ts';
import { writeAll } from '../../src/kernel/files.ts';
import { mountDetached } from '../../src/kernel/mounts.ts';
import { readFileIn } from '../../src/kernel/rooted.ts';
import { isErrno } from '../../src/kernel/syscall.ts';

const base = mkdtempSync(join(tmpdir(), 'gantry-mounts-'));
after(() => rmSync(base, { recursive: true, force: true }));

test('a detached mount is usable by its descriptor alone', () => {
  const before = readFileSync('/proc/self/mountinfo', 'utf8');
  using tmpfs = own(mountDetached('tmpfs', [['size', '64k']], []));
  const file = createFile(tmpfs.fd, 'file');
  writeAll(file, Buffer.from('contents'));
  assert.throws(() => writeAll(file, Buffer.alloc(1 << 20)), { kind: 'no-space' });
  closeFd(file);
  assert.equal(readFileIn(tmpfs.fd, '/file', 1 << 20).toString('utf8', 0, 8), 'contents');
  assert.equal(statEntry(tmpfs.fd, '').type, 'directory');
  assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), before);
});

test("what cannot be mounted is told in the kernel's words", () => {
  assert.throws(
    () => mountDetached('no-such-fs', [], []),
    (error) => isErrno(error, 'ENODEV'),
  );
  assert.throws(
    () => mountDetached('tmpfs', [['size', 'a lot']], []),
    (error) => isEngineError(error, 'system') && /cannot mount tmpfs: .*size/i.test(error.message),
  );
  assert.throws(() => mountDetached('tmpfs', [['no-such-option']], []), /no-such-option/);
});

const fromSource = { skip: !import.meta.filename.endsWith('.ts') && 'the sources are not here' };

test('mounts are attached, changed, copied and unmounted', fromSource, () => {
  const output = execFileSync(
    'unshare',
    [
      '-m',
      '--propagation',
      'private',
      process.execPath,
      '--import',
      'tsx',
      join(import.meta.dirname, 'fixtures/mounts.ts'),
      base,
    ],
    { encoding: 'utf8' },
  );
  const steps = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const tmpfs = {
    at: '/a',
    fsType: 'tmpfs',
    options: ['rw', 'nosuid', 'nodev'],
    shared: false,
    size: 'size=64k',
  };
  const changed = { ...tmpfs, options: ['ro', 'nodev', 'noexec'], shared: true };
  assert.deepEqual(steps, [
    { step: 'detached', mounts: [] },
    { step: 'attached', mounts: [tmpfs] },
    { step: 'changed', mounts: [changed] },
    { step: 'copied', file: 'in the tmpfs' },
    { step: 'cloned', mounts: [changed, { ...changed, at: '/b', shared: false }] },
    { step: 'unmounted', results: [true, true, false] },
    { step: 'gone', mounts: [] },
  ]);
});
