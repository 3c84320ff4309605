import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
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
import { after, test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { isEngineError } from '../../src/base/errors.ts';
import { decodePath } from '../../src/formats/path-bytes.ts';
import { chmod, chown, setTimes, statEntry, statIfThere } from '../../src/kernel/attributes.ts';
import { O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY } from '../../src/kernel/constants.ts';
import { readDirectory, removeTree, removeTreeSync } from '../../src/kernel/directories.ts';
import {
  createFile,
  makeDirectory,
  makeHardLink,
  makeNode,
  makeSymlink,
  readLink,
  removeDirectory,
  rename,
  unlink,
} from '../../src/kernel/entries.ts';
import { asFd, closeFd, type Fd, openAt, own } from '../../src/kernel/fd.ts';
import {
  locate,
  makeDirectories,
  openIn,
  openRegular,
  openRoot,
  readFileIn,
} from '../../src/kernel/rooted.ts';
import { isErrno } from '../../src/kernel/syscall.ts';
import { getXattr, listXattrs, removeXattr, setXattr } from '../../src/kernel/xattrs.ts';

const base = mkdtempSync(join(tmpdir(), 'gantry-rooted-'));
after(() => rmSync(base, { recursive: true, force: true }));

/** Tests that run a program of their own start it from its source. */
const fromSource = { skip: !import.meta.filename.endsWith('.ts') && 'the sources are not here' };
let counter = 0;

/** A fresh root with a secret beside it. */
function withRoot<T>(use: (root: Fd, path: string) => T): T {
  const directory = join(base, `t${counter++}`);
  const path = join(directory, 'root');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(directory, 'secret'), 'secret');
  using root = own(openRoot(path));
  return use(root.fd, path);
}

function code(...codes: string[]): (error: unknown) => boolean {
  return (error) => isErrno(error, ...codes);
}

function invalid(error: unknown): boolean {
  return isEngineError(error, 'invalid');
}

test('paths and links are resolved as if the root were /', () => {
  withRoot((root, path) => {
    writeFileSync(`${path}/file`, 'inside');
    mkdirSync(`${path}/a/b`, { recursive: true });
    symlinkSync('/file', `${path}/a/absolute`);
    symlinkSync('../../../../../file', `${path}/a/b/up`);
    symlinkSync('/a', `${path}/dir`);
    const paths = [
      'file',
      '/file',
      '//file',
      '../../file',
      'a/absolute',
      '/a/b/up',
      'dir/b/../../file',
      'dir/absolute',
    ];
    for (const name of paths) assert.equal(readFileIn(root, name, 100).toString(), 'inside', name);
    assert.throws(() => readFileIn(root, '../secret', 100), code('ENOENT'));
    symlinkSync('../secret', `${path}/out`);
    assert.throws(() => readFileIn(root, 'out', 100), code('ENOENT'));
    assert.throws(() => openIn(root, 'dir', O_RDONLY | O_NOFOLLOW), code('ELOOP'));
  });
});

test('/, the empty path and . are the root', () => {
  withRoot((root) => {
    const { ino } = statEntry(root, '');
    for (const path of ['', '/', '.', '..', '/../..']) {
      using opened = own(openIn(root, path, O_PATH | O_DIRECTORY));
      assert.equal(statEntry(opened.fd, '').ino, ino, path);
    }
  });
});

test('magic links of procfs are refused inside a root', () => {
  using root = own(openRoot('/proc'));
  for (const path of ['self/root/etc/passwd', 'self/cwd', `self/fd/${root.fd}/self`]) {
    assert.throws(() => openIn(root.fd, path, O_PATH), code('ELOOP'), path);
  }
});

test('/proc/PID/root serves as a root', async () => {
  const child = spawn('sleep', ['1000']);
  try {
    using root = own(openRoot(`/proc/${child.pid}/root`));
    assert.equal(readFileIn(root.fd, 'etc/passwd', 1 << 20).toString(), readFileSync('/etc/passwd', 'utf8'));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

test('a path that names no entry cannot be located', () => {
  withRoot((root) => {
    for (const path of ['', '/', '.', 'a/..', '..', 'a/.', '/../']) {
      assert.throws(() => locate(root, path, () => {}), invalid, path);
    }
    assert.equal(
      locate(root, 'name', (_, name) => name),
      'name',
    );
    closeFd(makeDirectories(root, 'a/b'));
    assert.equal(
      locate(root, '/a/b/name//', (_, name) => name),
      'name',
    );
  });
});

test('an entry is one name', () => {
  withRoot((root) => {
    for (const name of ['..', '', 'a/b', '/', '/etc']) {
      assert.throws(() => createFile(root, name), invalid, name);
      assert.throws(() => unlink(root, name), invalid, name);
      assert.throws(() => removeTreeSync(root, name), invalid, name);
    }
    assert.throws(() => createFile(root, 'a\0b'), invalid);
    assert.throws(() => openIn(root, 'a\0b', O_PATH), invalid);
    assert.throws(() => setXattr(root, '', 'user.a\0b', Buffer.of(1)), invalid);
  });
});

test('directories are made along links inside the root, and not through files', () => {
  withRoot((root, path) => {
    closeFd(makeDirectories(root, 'a/b/c', 0o750));
    assert.equal(statSync(`${path}/a/b/c`).mode & 0o777, 0o750 & ~process.umask());
    symlinkSync('/a', `${path}/link`);
    closeFd(makeDirectories(root, '/link/x/y'));
    assert.ok(statSync(`${path}/a/x/y`).isDirectory());
    closeFd(makeDirectories(root, '/'));
    writeFileSync(`${path}/file`, '');
    assert.throws(() => makeDirectories(root, 'file/x'), code('ENOTDIR'));
    assert.throws(() => makeDirectories(root, 'file'), code('ENOTDIR'));
    symlinkSync('/nowhere', `${path}/dangling`);
    assert.throws(() => makeDirectories(root, 'dangling'), code('ENOENT'));
    assert.throws(() => makeDirectories(root, 'new/../x'), invalid);
  });
});

test('a file is created only where nothing is, not even a dangling link', () => {
  withRoot((root, path) => {
    closeFd(createFile(root, 'new', 0o640));
    assert.throws(() => createFile(root, 'new'), code('EEXIST'));
    symlinkSync('/elsewhere', `${path}/dangling`);
    assert.throws(() => createFile(root, 'dangling'), code('EEXIST'));
    assert.throws(() => openAt(root, 'dangling', O_RDONLY), code('ELOOP'));
  });
});

test('only regular files are read, and only so much', async () => {
  const fifo = withRoot((root, path) => {
    makeNode(root, 'fifo', 'fifo', 0o600);
    makeNode(root, 'zero', 'char', 0o600, 1, 5);
    mkdirSync(`${path}/directory`);
    writeFileSync(`${path}/file`, 'x'.repeat(100));
    for (const [name, what] of [
      ['fifo', /a FIFO/],
      ['zero', /a character device/],
      ['directory', /a directory/],
    ] as const) {
      assert.throws(() => readFileIn(root, name, 10), what);
      assert.throws(() => openRegular(root, name), invalid);
    }
    assert.throws(() => readFileIn(root, 'file', 99), /file is larger than 99 bytes/);
    assert.equal(readFileIn(root, 'file', 100).length, 100);
    assert.equal(readFileIn(root, 'file', 200_000).length, 100);
    return `${path}/fifo`;
  });
  assert.ok(statSync(fifo).isFIFO());
});

test('attributes of every type of entry, links themselves included', () => {
  withRoot((root) => {
    closeFd(createFile(root, 'file'));
    makeDirectory(root, 'directory');
    makeSymlink('file', root, 'symlink');
    makeNode(root, 'fifo', 'fifo', 0o600);
    makeNode(root, 'socket', 'socket', 0o600);
    makeNode(root, 'char', 'char', 0o600, 1, 3);
    makeNode(root, 'block', 'block', 0o600, 259, 70000);
    const atime = { sec: 1_000_000_000, nsec: 1 };
    const mtime = { sec: -5, nsec: 999_999_999 };
    for (const name of ['file', 'directory', 'symlink', 'fifo', 'socket', 'char', 'block'] as const) {
      chown(root, name, 12345, 4294967294);
      if (name !== 'symlink') chmod(root, name, 0o6751);
      setTimes(root, name, atime, mtime);
      const stat = statEntry(root, name);
      assert.equal(stat.type, name);
      assert.deepEqual([stat.uid, stat.gid], [12345, 4294967294], name);
      assert.equal(stat.mode, name === 'symlink' ? 0o777 : 0o6751, name);
      assert.deepEqual([stat.atime, stat.mtime], [atime, mtime], name);
    }
    assert.deepEqual(statEntry(root, 'block').rdev, { major: 259, minor: 70000 });
    assert.equal(statEntry(root, 'symlink').size, 4);
    assert.throws(() => chmod(root, 'symlink', 0o600), code('EOPNOTSUPP'));
    assert.equal(statEntry(root, 'file').mode, 0o6751);
    assert.equal(statIfThere(root, 'missing'), undefined);
  });
});

test('attributes of an open descriptor, O_PATH or not', () => {
  withRoot((root) => {
    closeFd(createFile(root, 'file'));
    for (const flags of [O_RDONLY, O_PATH]) {
      using file = own(openAt(root, 'file', flags));
      chmod(file.fd, '', 0o611 + (flags % 2));
      chown(file.fd, '', 7, 8);
      setTimes(file.fd, '', { sec: 1, nsec: 2 }, { sec: 3, nsec: 4 });
      setXattr(file.fd, '', 'trusted.x', Buffer.from('y'));
      const stat = statEntry(file.fd, '');
      assert.deepEqual([stat.uid, stat.gid, stat.mtime], [7, 8, { sec: 3, nsec: 4 }]);
      assert.equal(getXattr(file.fd, '', 'trusted.x')?.toString(), 'y');
      removeXattr(file.fd, '', 'trusted.x');
    }
  });
});

test('extended attributes, of links themselves', () => {
  withRoot((root) => {
    // VFS_CAP_REVISION_2 with CAP_NET_BIND_SERVICE permitted (include/uapi/linux/capability.h).
    const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
    closeFd(createFile(root, 'file'));
    makeDirectory(root, 'directory');
    makeSymlink('file', root, 'symlink');
    setXattr(root, 'file', 'security.capability', capability);
    assert.deepEqual(getXattr(root, 'file', 'security.capability'), capability);
    assert.deepEqual(listXattrs(root, 'file'), ['security.capability']);
    chown(root, 'file', 1, 1);
    assert.equal(getXattr(root, 'file', 'security.capability'), undefined);
    setXattr(root, 'directory', 'trusted.overlay.opaque', Buffer.from('y'));
    assert.equal(getXattr(root, 'directory', 'trusted.overlay.opaque')?.toString(), 'y');
    assert.equal(getXattr(root, 'directory', 'user.none'), undefined);
    setXattr(root, 'symlink', 'trusted.of-the-link', Buffer.alloc(0));
    assert.deepEqual(listXattrs(root, 'symlink'), ['trusted.of-the-link']);
    assert.deepEqual(listXattrs(root, 'file'), []);
    assert.equal(getXattr(root, 'symlink', 'trusted.of-the-link')?.length, 0);
    assert.equal(removeXattr(root, 'symlink', 'trusted.of-the-link'), true);
    assert.equal(removeXattr(root, 'symlink', 'trusted.of-the-link'), false);
    assert.throws(() => setXattr(root, 'symlink', 'user.x', Buffer.of(1)), code('EPERM'));
  });
});

test('links, renames and removal of single entries', () => {
  withRoot((root, path) => {
    makeSymlink('/etc/passwd', root, 'symlink');
    makeHardLink(root, 'symlink', root, 'second');
    assert.equal(readLink(root, 'second'), '/etc/passwd');
    assert.equal(statEntry(root, 'second').nlink, 2);
    assert.throws(() => readLink(root, '.'), code('EINVAL', 'ENOENT'));
    makeDirectory(root, 'directory');
    assert.equal(makeDirectory(root, 'directory'), false);
    assert.equal(makeDirectory(root, 'symlink'), false);
    writeFileSync(`${path}/file`, '');
    assert.throws(() => rename(root, 'file', root, 'symlink', 'exclusive'), code('EEXIST'));
    rename(root, 'file', root, 'symlink', 'exchange');
    assert.equal(statEntry(root, 'symlink').type, 'file');
    rename(root, 'symlink', root, 'second');
    assert.equal(statEntry(root, 'second').type, 'file');
    assert.deepEqual([unlink(root, 'second'), unlink(root, 'second')], [true, false]);
    assert.deepEqual([removeDirectory(root, 'directory'), removeDirectory(root, 'directory')], [true, false]);
    assert.throws(() => unlink(root, '.'), code('EISDIR', 'EINVAL'));
  });
});

test('names that are not UTF-8 keep their bytes', () => {
  withRoot((root, path) => {
    const bytes = Buffer.from([0x66, 0xff, 0xc3, 0xa9, 0xed, 0xb2, 0x80, 0xe2, 0x82]);
    const name = decodePath(bytes);
    closeFd(createFile(root, name));
    makeSymlink(name, root, 'link');
    assert.deepEqual(
      readdirSync(path, { encoding: 'buffer' }).find((found) => found.length === 9),
      bytes,
    );
    assert.deepEqual(
      readDirectory(root)
        .map((entry) => entry.name)
        .sort(),
      [name, 'link'].sort(),
    );
    assert.equal(readLink(root, 'link'), name);
    assert.equal(readFileIn(root, name, 1).length, 0);
    assert.equal(unlink(root, name), true);
  });
});

test('large directories are read whole, with types', () => {
  withRoot((root) => {
    makeDirectory(root, 'big');
    using big = own(openAt(root, 'big', O_PATH | O_DIRECTORY));
    for (let i = 0; i < 3000; i++)
      makeSymlink('x', big.fd, `a-rather-long-name-so-that-the-buffer-is-too-small-${i}`);
    makeDirectory(big.fd, 'directory');
    const entries = readDirectory(root, 'big');
    assert.equal(entries.length, 3001);
    assert.equal(entries.filter((entry) => entry.type === 'symlink').length, 3000);
    assert.equal(entries.find((entry) => entry.name === 'directory')?.type, 'directory');
    makeSymlink('big', root, 'link');
    assert.throws(() => readDirectory(root, 'link'), code('ELOOP', 'ENOTDIR'));
  });
});

test('a tree is removed with its links but not what they point to, however deep it is', async () => {
  const ctx = backgroundCtx();
  for (const way of ['sync', 'async']) {
    const { root, path } = withRoot((fd, where) => ({ root: asFd(openRoot(where)), path: where, fd }));
    mkdirSync(`${path}/keep`);
    writeFileSync(`${path}/keep/file`, 'kept');
    makeDirectory(root, 'tree');
    let at = openAt(root, 'tree', O_PATH | O_DIRECTORY);
    makeSymlink('../keep', at, 'link');
    for (let depth = 0; depth < 1000; depth++) {
      closeFd(createFile(at, `file`));
      makeDirectory(at, 'd');
      const next = openAt(at, 'd', O_PATH | O_DIRECTORY);
      closeFd(at);
      at = next;
    }
    closeFd(at);
    const open = readdirSync('/proc/self/fd').length;
    if (way === 'sync') removeTreeSync(root, 'tree');
    else await removeTree(ctx, root, 'tree');
    assert.deepEqual(readdirSync(path), ['keep']);
    assert.deepEqual(readdirSync(`${path}/keep`), ['file']);
    assert.equal(readdirSync('/proc/self/fd').length, open);
    removeTreeSync(root, 'missing');
    removeTreeSync(root, 'keep');
    closeFd(root);
  }
});

test('what is mounted inside a tree is not removed with it', fromSource, () => {
  withRoot((_, path) => {
    mkdirSync(`${path}/tree/mounted`, { recursive: true });
    mkdirSync(`${path}/precious`);
    writeFileSync(`${path}/precious/file`, 'kept');
    const script = `
      mount --bind ${path}/precious ${path}/tree/mounted &&
      exec ${process.execPath} --import tsx ${join(import.meta.dirname, 'fixtures/remove.ts')} ${path} tree`;
    const output = execFileSync('unshare', ['-m', '--propagation', 'private', '/bin/sh', '-c', script], {
      encoding: 'utf8',
    });
    assert.match(output, /EXDEV/);
    assert.deepEqual(readdirSync(`${path}/precious`), ['file']);
  });
});
