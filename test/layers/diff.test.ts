import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPath, own, procPath } from '../../src/kernel/fd.ts';
import { withOverlay } from '../../src/kernel/overlay.ts';
import { openRoot } from '../../src/kernel/rooted.ts';
import { type DiffSource, diffLayer, exportTree, treeChanges } from '../../src/layers/diff.ts';
import { ctx, emptyDir, listMerged, listTree, scratch, stack, tarOf, unpackHere } from './lab.ts';
import { randomChanges, randomTree } from './random-tree.ts';

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function names(tar: Buffer): string[] {
  return execFileSync('tar', ['-tf', '-'], { input: tar, encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter(Boolean);
}

/** Runs a script in the merged tree of an overlay over `lower`; returns what a snapshotter would hand to diff. */
async function changed(dir: string, lower: readonly string[], script: string): Promise<DiffSource> {
  const upper = { directory: emptyDir(join(dir, 'upper')), work: emptyDir(join(dir, 'work')) };
  const off = ['redirect_dir', 'metacopy', 'index'].map((name): [string, string] => [name, 'off']);
  await withOverlay({ base: '/', lower, upper, options: off }, async (root) => {
    run(script, procPath(root).replace('self', String(process.pid)));
  });
  return { whiteouts: 'overlay', dir: upper.directory, lowerDirs: lower };
}

function run(script: string, cwd: string): void {
  execFileSync('bash', ['-ec', script], { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}

const base = tarOf([
  { name: './' },
  { name: 'a/' },
  { name: 'a/one', body: '1' },
  { name: 'a/two', body: '2' },
  { name: 'b/' },
  { name: 'b/deep/' },
  { name: 'b/deep/file', body: 'x' },
  { name: 'c', body: 'c' },
]);

const rows: { name: string; script: string; members: string[]; changes: string[] }[] = [
  { name: 'nothing', script: ':', members: [], changes: [] },
  {
    name: 'added, modified, deleted',
    script: 'echo new > n; echo more >> a/one; rm c; rm -r b/deep',
    members: ['a/', 'a/one', 'b/', 'b/.wh.deep', '.wh.c', 'n'],
    changes: ['C /a', 'C /a/one', 'C /b', 'D /b/deep', 'D /c', 'A /n'],
  },
  {
    name: 'a directory made anew hides what was in it',
    script: 'rm -r a; mkdir a; echo 3 > a/three; echo 1 > a/one',
    members: ['a/', 'a/.wh..wh..opq', 'a/one', 'a/three'],
    changes: ['C /a', 'C /a/one', 'A /a/three', 'D /a/two'],
  },
  {
    name: 'a file becomes a directory, a directory a link',
    script: 'rm c; mkdir c; touch c/x; rm -r b; ln -s a b',
    members: ['b', 'c/', 'c/x'],
    changes: ['C /b', 'C /c', 'A /c/x'],
  },
  {
    name: 'only a mode; the root itself',
    script: 'chmod 700 a; chmod 711 .',
    members: ['./', 'a/'],
    changes: ['C /a'],
  },
  {
    name: 'hard links, devices, pipes; sockets are left out',
    script:
      'echo l > l1; ln l1 l2; mkfifo p; mknod dev c 1 3; python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\'s\')"',
    members: ['dev', 'l1', 'l2', 'p'],
    changes: ['A /dev', 'A /l1', 'A /l2', 'A /p', 'A /s'],
  },
];

const LETTER = { added: 'A', modified: 'C', deleted: 'D' };

for (const row of rows) {
  test(`diff: ${row.name}`, async (t) => {
    const dir = scratch(t);
    const source = await changed(dir, await stack(dir, [base]), row.script);
    const tar = await collect(diffLayer(ctx, source));
    assert.deepEqual(names(tar), row.members);
    assert.deepEqual(await collect(diffLayer(ctx, source)), tar, 'the same bytes every time');
    const changes = await treeChanges(ctx, source);
    assert.deepEqual(
      changes.map(({ kind, path }) => `${LETTER[kind]} ${path}`),
      row.changes,
    );
  });

  test(`diff of a copy: ${row.name}`, async (t) => {
    const dir = scratch(t);
    const [original = ''] = await stack(dir, [base]);
    const copy = join(dir, 'copy');
    run(`cp -a ${original} ${copy}`, dir);
    run(row.script, copy);
    const source: DiffSource = { whiteouts: 'facts', dir: copy, lowerDirs: [original] };
    const merged = listTree(copy, { mtimes: false }).filter((line) => !line.includes(' socket '));
    assert.deepEqual(await rebuilt(dir, base, source), merged);
    const changes = await treeChanges(ctx, source);
    assert.deepEqual(
      changes.map(({ kind, path }) => `${LETTER[kind]} ${path}`),
      row.changes,
    );
  });
}

/** The merge after unpacking the diff on top of `bottom`. */
async function rebuilt(dir: string, bottom: Buffer, source: DiffSource): Promise<string[]> {
  const layer = await collect(diffLayer(ctx, source));
  return listMerged(await stack(emptyDir(join(dir, 'again')), [bottom, layer]), { mtimes: false });
}

test('what cannot be told as a layer is refused', async (t) => {
  const dir = scratch(t);
  const lower = await stack(dir, [base]);
  const source = await changed(dir, lower, 'mkdir n; touch n/.wh.x');
  await assert.rejects(collect(diffLayer(ctx, source)), {
    kind: 'invalid',
    message: /"n\/\.wh\.x" cannot be put into a layer/,
  });
  run(
    "rm -r n; mkdir r; setfattr -n trusted.overlay.redirect -v /a r || python3 -c \"import os; os.setxattr('r', 'trusted.overlay.redirect', b'/a')\"",
    source.dir,
  );
  await assert.rejects(collect(diffLayer(ctx, source)), {
    kind: 'system',
    message: /"r" cannot be told as a change/,
  });
});

test('whatever is done to a tree, its diff unpacks to the same tree', async (t) => {
  for (let seed = 1; seed <= 12; seed++) {
    const dir = emptyDir(join(scratch(t), String(seed)));
    const bottom = tarOf(randomTree(seed));
    const lower = await stack(dir, [bottom]);
    const upper = { directory: emptyDir(join(dir, 'upper')), work: emptyDir(join(dir, 'work')) };
    const off = ['redirect_dir', 'metacopy', 'index'].map((name): [string, string] => [name, 'off']);
    const want = await withOverlay({ base: '/', lower, upper, options: off }, async (root) => {
      randomChanges(seed, procPath(root));
      return listTree(root);
    });
    const layer = await collect(
      diffLayer(ctx, { whiteouts: 'overlay', dir: upper.directory, lowerDirs: lower }),
    );
    const again = await stack(emptyDir(join(dir, 'again')), [bottom, layer]);
    // The time of the root is not told, and overlay counts links by layer.
    const comparable = (lines: string[]): string[] =>
      lines.slice(1).map((line) => line.replace(/links=\d+ /, ''));
    assert.deepEqual(comparable(await listMerged(again)), comparable(want), `seed ${seed}`);
  }
});

test('an export is the whole tree, and GNU tar understands it', async (t) => {
  const dir = scratch(t);
  const [tree = ''] = await stack(dir, [tarOf(randomTree(77))]);
  writeFileSync(join(tree, 'large'), Buffer.alloc(3_000_000, 'x'));
  using root = own(openRoot(tree));
  const tar = await collect(exportTree(ctx, root.fd));
  const gnu = emptyDir(join(dir, 'gnu'));
  execFileSync('tar', ['-C', gnu, '--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpf', '-'], {
    input: tar,
  });
  assert.deepEqual(listTree(gnu).slice(1), listTree(tree).slice(1));
  const ours = join(dir, 'ours');
  await unpackHere(tar, ours);
  assert.deepEqual(listTree(ours).slice(1), listTree(tree).slice(1));
});

test('a reader that stops leaves no descriptor open', async (t) => {
  const dir = scratch(t);
  const [tree = ''] = await stack(dir, [tarOf(randomTree(5))]);
  writeFileSync(join(tree, 'aaa'), Buffer.alloc(3_000_000, 'x'));
  const lowest = (): number => {
    using fd = own(openPath('/', 0));
    return fd.fd;
  };
  const before = lowest();
  for (let i = 0; i < 5; i++) {
    for await (const _ of diffLayer(ctx, { whiteouts: 'overlay', dir: tree, lowerDirs: [] })) break;
  }
  assert.equal(lowest(), before);
});
