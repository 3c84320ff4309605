import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import { chmod, chown, setTimes } from '../../src/kernel/attributes.ts';
import { removeTreeSync } from '../../src/kernel/directories.ts';
import {
  createFile,
  makeDirectory,
  makeHardLink,
  makeNode,
  makeSymlink,
  unlink,
} from '../../src/kernel/entries.ts';
import { closeFd, type Fd } from '../../src/kernel/fd.ts';
import { writeAll } from '../../src/kernel/files.ts';
import { locate, makeDirectories, openRoot, readFileIn } from '../../src/kernel/rooted.ts';
import { isErrno } from '../../src/kernel/syscall.ts';
import { setXattr } from '../../src/kernel/xattrs.ts';

/*
 * CVE-2018-15664, CVE-2019-14271, CVE-2021-30465, CVE-2021-41089, CVE-2024-45310, CVE-2026-41568: while we work on a path, a
 * process of the container exchanges one of its directories for a link that leads out.
 */

const base = mkdtempSync(join(tmpdir(), 'gantry-race-'));
const rootPath = join(base, 'root');
const outside = join(base, 'outside');
let racer: ChildProcess;
let root: Fd;

before(async () => {
  for (const directory of [
    rootPath,
    `${rootPath}/door`,
    `${rootPath}/deep`,
    `${rootPath}/deep/down`,
    outside,
  ]) {
    mkdirSync(directory);
  }
  symlinkSync('../outside', `${rootPath}/trap`);
  writeFileSync(`${rootPath}/door/file`, 'harmless');
  writeFileSync(`${outside}/file`, 'secret', { mode: 0o600 });
  mkdirSync(`${outside}/tree`);
  writeFileSync(`${outside}/tree/file`, 'secret');
  root = openRoot(rootPath);
  racer = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'fixtures/racer.ts'), rootPath, outside],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(racer.stdout ?? racer, 'data');
});

after(async () => {
  racer.kill('SIGKILL');
  await once(racer, 'exit');
  closeFd(root);
  rmSync(base, { recursive: true, force: true });
});

/** Does it again and again for a while; what the race makes fail is of no interest, only what it lets succeed. */
function hammer(ms: number, attempt: (turn: number) => void): { done: number; failed: number } {
  const count = { done: 0, failed: 0 };
  for (const end = Date.now() + ms; Date.now() < end; ) {
    try {
      attempt(count.done + count.failed);
      count.done++;
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'EXDEV', 'EEXIST', 'ELOOP', 'EAGAIN') && !isEngineError(error))
        throw error;
      count.failed++;
    }
  }
  return count;
}

function assertOutsideUntouched(): void {
  assert.equal(racer.exitCode, null, 'the racing process is gone');
  const names = readdirSync(outside).filter((name) => name !== 'down');
  assert.deepEqual(names.sort(), ['file', 'tree']);
  assert.equal(readFileSync(`${outside}/file`, 'utf8'), 'secret');
  assert.equal(readFileSync(`${outside}/tree/file`, 'utf8'), 'secret');
  const { mode, uid, nlink, mtimeMs } = statSync(`${outside}/file`);
  assert.deepEqual([mode & 0o7777, uid, nlink], [0o600, 0, 1]);
  assert.ok(mtimeMs > 1e12);
}

test('the race is real: a path joined by hand is led outside', () => {
  let escaped = 0;
  for (const end = Date.now() + 3000; Date.now() < end && escaped === 0; ) {
    try {
      if (readFileSync(join(rootPath, 'door/file'), 'utf8') === 'secret') escaped++;
    } catch {}
  }
  assert.ok(escaped > 0, 'the racing process never won; this test would prove nothing');
});

test('reading stays inside', () => {
  const { done, failed } = hammer(700, () => {
    const text = readFileIn(root, 'door/file', 100).toString();
    assert.notEqual(text, 'secret');
  });
  assert.ok(done > 0 && failed > 0, `${done} read, ${failed} failed`);
});

test('.. after a directory that is being moved out stays inside', () => {
  const { done } = hammer(700, () => {
    const text = readFileIn(root, 'deep/down/../../door/file', 100).toString();
    assert.notEqual(text, 'secret');
    assert.notEqual(readFileIn(root, 'deep/down/../../../outside/file', 100).toString(), 'secret');
  });
  assert.equal(done, 0);
});

test('creating, changing and linking stay inside', () => {
  const time = { sec: 5, nsec: 0 };
  hammer(1500, (turn) => {
    closeFd(makeDirectories(root, `door/sub-${turn}/sub`));
    locate(root, `door/new-${turn}`, (directory, name) => {
      const file = createFile(directory, name);
      writeAll(file, Buffer.from('x'));
      closeFd(file);
      chown(directory, name, 1000, 1000);
      chmod(directory, name, 0o4755);
      setTimes(directory, name, time, time);
      setXattr(directory, name, 'user.x', Buffer.from('x'));
      makeHardLink(directory, name, directory, `${name}-link`);
      makeSymlink('/etc/passwd', directory, `${name}-symlink`);
      makeNode(directory, `${name}-fifo`, 'fifo', 0o600);
      makeDirectory(directory, `${name}-directory`);
      unlink(directory, name);
    });
    locate(root, 'door/file', (directory, name) => {
      chmod(directory, name, 0o777);
      chown(directory, name, 1, 1);
      setTimes(directory, name, time, time);
    });
  });
  assertOutsideUntouched();
});

test('removing stays inside', () => {
  hammer(700, (turn) => {
    locate(root, 'door/tree', (directory, name) => {
      makeDirectory(directory, name);
      closeFd(createFile(directory, `in-${turn}`));
      removeTreeSync(directory, name);
    });
  });
  assertOutsideUntouched();
  assert.ok(existsSync(`${outside}/tree/file`));
});

test('removing the racing tree itself stays inside', () => {
  hammer(300, () => {
    closeFd(makeDirectories(root, 'victim/a'));
    removeTreeSync(root, 'victim');
  });
  racer.kill('SIGSTOP');
  removeTreeSync(root, 'trap');
  removeTreeSync(root, 'door');
  assertOutsideUntouched();
});
