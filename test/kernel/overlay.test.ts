import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readDirectory } from '../../src/kernel/directories.ts';
import { createFile } from '../../src/kernel/entries.ts';
import { closeFd, type Fd, own } from '../../src/kernel/fd.ts';
import { writeAll } from '../../src/kernel/files.ts';
import {
  appendsLowerDirs,
  mountByParameters,
  mountInThread,
  mountOverlay,
  type Overlay,
  withOverlay,
} from '../../src/kernel/overlay.ts';
import { locate, readFileIn } from '../../src/kernel/rooted.ts';
import { isErrno } from '../../src/kernel/syscall.ts';

const base = mkdtempSync(join(tmpdir(), 'gantry-overlay-'));
after(() => rmSync(base, { recursive: true, force: true }));

function layers(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${prefix}${i}/fs`;
    mkdirSync(join(base, name), { recursive: true });
    writeFileSync(join(base, name, `only-${i}`), `${i}`);
    writeFileSync(join(base, name, 'top'), `${i}`);
    return name;
  });
}

const WAYS: { name: string; mount: (overlay: Overlay) => Promise<Fd>; skip: boolean }[] = [
  { name: 'by parameters', mount: async (overlay) => mountByParameters(overlay), skip: !appendsLowerDirs() },
  { name: 'in a thread', mount: mountInThread, skip: false },
];

for (const { name, mount, skip } of WAYS) {
  test(`an overlay of 127 layers is readable, ${name}, and seen by nobody`, { skip }, async () => {
    const before = readFileSync('/proc/self/mountinfo', 'utf8');
    using root = own(await mount({ base, lower: layers(127, name.slice(0, 1)) }));
    assert.equal(readFileIn(root.fd, '/top', 10).toString(), '0');
    assert.equal(readFileIn(root.fd, 'only-126', 10).toString(), '126');
    assert.equal(readDirectory(root.fd).length, 128);
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8'), before);
  });

  test(`changes go to the upper directory, ${name}`, { skip }, async () => {
    const lower = layers(2, `w${name.slice(0, 1)}`);
    const upper = { directory: `u${name.length}`, work: `k${name.length}` };
    mkdirSync(join(base, upper.directory));
    mkdirSync(join(base, upper.work));
    {
      using root = own(await mount({ base, lower, upper }));
      locate(root.fd, '/new', (directory, entry) => {
        const file = createFile(directory, entry, 0o644);
        writeAll(file, Buffer.from('hello'));
        closeFd(file);
      });
    }
    assert.equal(readFileSync(join(base, upper.directory, 'new'), 'utf8'), 'hello');
  });
}

test('a view without an upper directory is read-only', async () => {
  for (const count of [1, 2]) {
    await withOverlay({ base, lower: layers(count, `r${count}`) }, async (root) => {
      assert.equal(readFileIn(root, 'top', 10).toString(), '0');
      assert.throws(
        () => locate(root, 'x', (directory, entry) => createFile(directory, entry)),
        (error) => isErrno(error, 'EROFS'),
      );
    });
  }
});

test('an unusable overlay says why', async () => {
  const lower = layers(1, 'bad');
  const upper = { directory: 'missing', work: 'missing-too' };
  await assert.rejects(mountOverlay({ base, lower, upper }), /overlay|ENOENT/);
  await assert.rejects(mountInThread({ base, lower, upper }), /mount overlay: ENOENT/);
  await assert.rejects(mountOverlay({ base, lower: ['a:b', 'c'] }), /holds one of/);
});
