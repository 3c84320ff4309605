import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { replaceFile } from '../../src/kernel/atomic-file.ts';
import { statEntry } from '../../src/kernel/attributes.ts';
import { O_CREAT, O_RDONLY, O_RDWR, O_WRONLY } from '../../src/kernel/constants.ts';
import { copyContents } from '../../src/kernel/copy.ts';
import { closeFd, type Fd, openPath, own } from '../../src/kernel/fd.ts';
import {
  dataExtents,
  fdatasync,
  fsync,
  preallocate,
  punchHole,
  readAt,
  syncfs,
  truncate,
  tryLock,
  writeAll,
  writeAllAt,
} from '../../src/kernel/files.ts';
import { statFilesystem } from '../../src/kernel/filesystem.ts';
import { openRoot } from '../../src/kernel/rooted.ts';

const base = mkdtempSync(join(tmpdir(), 'gantry-files-'));
after(() => rmSync(base, { recursive: true, force: true }));

const MB = 1 << 20;

function open(name: string, flags = O_RDWR | O_CREAT): Fd {
  return openPath(join(base, name), flags, 0o644);
}

test('a sparse file keeps its holes when it is copied', () => {
  using from = own(open('sparse'));
  writeAllAt(from.fd, Buffer.alloc(8192, 'a'), MB);
  writeAllAt(from.fd, Buffer.alloc(8192, 'b'), 20 * MB);
  truncate(from.fd, 50 * MB);
  assert.deepEqual(
    [...dataExtents(from.fd)],
    [
      { offset: MB, length: 8192 },
      { offset: 20 * MB, length: 8192 },
    ],
  );
  using to = own(open('copy'));
  for (const _ of copyContents(from.fd, to.fd, 50 * MB));
  assert.ok(readFileSync(join(base, 'copy')).equals(readFileSync(join(base, 'sparse'))));
  assert.ok(statEntry(to.fd, '').blocks * 512 < MB);
});

test('contents are copied between filesystems too', () => {
  const data = Buffer.alloc(3 * MB + 17, 'contents ');
  const other = `/dev/shm/gantry-copy-${process.pid}`;
  writeFileSync(other, data);
  try {
    using from = own(openPath(other, O_RDONLY));
    using to = own(open('from-elsewhere'));
    for (const _ of copyContents(from.fd, to.fd, data.length));
    assert.ok(readFileSync(join(base, 'from-elsewhere')).equals(data));
  } finally {
    rmSync(other);
  }
});

test('holes can be punched and space be set aside', () => {
  using file = own(open('punched'));
  writeAll(file.fd, Buffer.alloc(MB, 'x'));
  punchHole(file.fd, 0, MB / 2);
  const { size, blocks } = statEntry(file.fd, '');
  assert.equal(size, MB);
  assert.ok(blocks * 512 <= MB / 2 + 8192);
  const byte = Buffer.alloc(1);
  assert.equal(readAt(file.fd, byte, 5), 1);
  assert.equal(byte[0], 0);
  preallocate(file.fd, MB, MB);
  assert.equal(statEntry(file.fd, '').size, MB);
  assert.ok(statEntry(file.fd, '').blocks * 512 >= MB);
  assert.equal(readAt(file.fd, byte, MB), 0);
});

test('a lock is held by one, until it lets go', () => {
  const [first, second] = [open('lock'), own(open('lock'))];
  assert.equal(tryLock(first), true);
  assert.equal(tryLock(second.fd), false);
  closeFd(first);
  assert.equal(tryLock(second.fd), true);
  second.close();
});

test('a file is replaced whole, or not at all', async () => {
  using directory = own(openRoot(base));
  writeFileSync(join(base, 'config'), 'old');
  for (const durable of [false, true]) {
    await replaceFile(directory.fd, 'config', Buffer.from(`new ${durable}`), { mode: 0o4640, durable });
    assert.equal(readFileSync(join(base, 'config'), 'utf8'), `new ${durable}`);
    assert.equal(statSync(join(base, 'config')).mode & 0o7777, 0o4640);
  }
  await assert.rejects(replaceFile(directory.fd, 'x/y', Buffer.from(''), { mode: 0o600, durable: false }));
  assert.deepEqual(
    readdirSync(base).filter((name) => name.includes('tmp')),
    [],
  );
});

test('flushing reports what the disk says', async () => {
  using file = own(open('flushed'));
  writeAll(file.fd, Buffer.from('x'));
  await Promise.all([fsync(file.fd), fdatasync(file.fd), syncfs(file.fd)]);
  await assert.rejects(fsync(openRoot('/')), /fsync: EBADF/);
});

test('a full disk is an error of its own kind', () => {
  using full = own(openPath('/dev/full', O_WRONLY));
  assert.throws(() => writeAll(full.fd, Buffer.from('x')), { kind: 'no-space', code: 'ENOSPC' });
});

test('filesystems are known by name and size', () => {
  using shm = own(openRoot('/dev/shm'));
  const { name, total, available } = statFilesystem(shm.fd);
  assert.equal(name, 'tmpfs');
  assert.ok(total >= available && available > 0);
  using proc = own(openRoot('/proc'));
  assert.equal(statFilesystem(proc.fd).name, 'proc');
});

test('system calls work in worker threads at the same time', async () => {
  const code = `
    import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => {
      register();
      return import('${import.meta.resolve('./fixtures/busy.ts')}');
    })`;
  const results = await Promise.all(
    [1, 2, 3].map(
      (id) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(code, { eval: true, workerData: { path: base, id } });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  assert.deepEqual(results, [500, 500, 500]);
});
