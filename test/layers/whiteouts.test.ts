import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { listMerged, listTree, type Member, scratch, stack, tarOf } from './lab.ts';

/** Names and contents only: `./a/b=text`, directories with a slash. */
function brief(lines: readonly string[]): string[] {
  return lines.slice(1).map((line) => {
    const [path = '', type = ''] = line.split(' ');
    return path.slice(2) + (type === 'directory' ? '/' : type === 'symlink' ? '@' : '');
  });
}

const base: Member[] = [
  { name: './' },
  { name: 'keep', body: 'k' },
  { name: 'd/' },
  { name: 'd/one', body: '1' },
  { name: 'd/two', body: '2' },
  { name: 'd/sub/' },
  { name: 'd/sub/deep', body: '3' },
  { name: 'file', body: 'f' },
];

/** What the merge of a bottom layer and those above it must look like, with either snapshotter. */
const rows: { name: string; layers: Member[][]; want: string[] }[] = [
  {
    name: 'nothing on top',
    layers: [[]],
    want: ['d/', 'd/one', 'd/sub/', 'd/sub/deep', 'd/two', 'file', 'keep'],
  },
  {
    name: 'a whiteout of a file and of a directory',
    layers: [[{ name: '.wh.file' }, { name: '.wh.d' }]],
    want: ['keep'],
  },
  {
    name: 'a whiteout below a directory that is only implied',
    layers: [[{ name: 'd/sub/.wh.deep' }]],
    want: ['d/', 'd/one', 'd/sub/', 'd/two', 'file', 'keep'],
  },
  {
    name: 'an opaque directory, its marker last',
    layers: [[{ name: 'd/' }, { name: 'd/new', body: 'n' }, { name: 'd/.wh..wh..opq' }]],
    want: ['d/', 'd/new', 'file', 'keep'],
  },
  {
    name: 'an opaque directory, its marker first and the directory implied',
    layers: [[{ name: 'd/.wh..wh..opq' }, { name: 'd/new', body: 'n' }]],
    want: ['d/', 'd/new', 'file', 'keep'],
  },
  {
    name: 'an opaque root',
    layers: [[{ name: '.wh..wh..opq' }, { name: 'd/' }, { name: 'd/new', body: 'n' }]],
    want: ['d/', 'd/new'],
  },
  {
    name: 'a whiteout and, after it, a directory of the same name',
    layers: [[{ name: '.wh.d' }, { name: 'd/' }, { name: 'd/new' }]],
    want: ['d/', 'd/new', 'file', 'keep'],
  },
  {
    name: 'a directory and, after it, a whiteout of the same name',
    layers: [[{ name: 'd/' }, { name: 'd/new' }, { name: '.wh.d' }]],
    want: ['d/', 'd/new', 'file', 'keep'],
  },
  {
    name: 'a whiteout and an entry below it, the directory implied',
    layers: [[{ name: '.wh.d' }, { name: 'd/new' }]],
    want: ['d/', 'd/new', 'file', 'keep'],
  },
  {
    name: 'a whiteout and a file of the same name, in either order',
    layers: [[{ name: '.wh.file' }, { name: 'file' }, { name: 'keep' }, { name: '.wh.keep' }]],
    want: ['d/', 'd/one', 'd/sub/', 'd/sub/deep', 'd/two', 'file', 'keep'],
  },
  {
    name: 'a whiteout of something that is not there',
    layers: [[{ name: '.wh.nothing' }]],
    want: ['d/', 'd/one', 'd/sub/', 'd/sub/deep', 'd/two', 'file', 'keep'],
  },
  {
    name: 'overlay’s own notation of a whiteout',
    layers: [[{ name: 'file', type: 'char' }]],
    want: ['d/', 'd/one', 'd/sub/', 'd/sub/deep', 'd/two', 'keep'],
  },
  {
    name: 'a file where a directory was, a directory where a file was',
    layers: [[{ name: 'd' }, { name: 'file/' }, { name: 'file/x' }]],
    want: ['d', 'file/', 'file/x', 'keep'],
  },
  {
    name: 'a link where a directory was',
    layers: [[{ name: 'd', type: 'symlink', linkname: 'keep' }]],
    want: ['d@', 'file', 'keep'],
  },
  {
    name: 'gone in one layer, back in the next',
    layers: [[{ name: '.wh.d' }], [{ name: 'd/' }, { name: 'd/again' }]],
    want: ['d/', 'd/again', 'file', 'keep'],
  },
  {
    name: 'a hard link to a file of a lower layer',
    layers: [[{ name: 'link', type: 'hardlink', linkname: 'd/sub/deep' }]],
    want: ['d/', 'd/one', 'd/sub/', 'd/sub/deep', 'd/two', 'file', 'keep', 'link'],
  },
  {
    name: 'aufs’s bookkeeping is used and thrown away',
    layers: [
      [
        { name: '.wh..wh.aufs', body: '' },
        { name: '.wh..wh.orph/' },
        { name: '.wh..wh.plnk/' },
        { name: '.wh..wh.plnk/12.34', body: 'pseudo' },
        { name: 'linked', type: 'hardlink', linkname: '.wh..wh.plnk/12.34' },
      ],
    ],
    want: ['d/', 'd/one', 'd/sub/', 'd/sub/deep', 'd/two', 'file', 'keep', 'linked'],
  },
];

describe('whiteouts', () => {
  for (const row of rows) {
    test(row.name, async (t) => {
      const dir = scratch(t);
      const tars = [base, ...row.layers].map(tarOf);
      const merged = await listMerged(await stack(dir, tars));
      assert.deepEqual(brief(merged), row.want);
      const [copy = ''] = await stack(dir, tars, 'facts');
      const comparable = (lines: string[]): string[] =>
        lines.map((line) => line.replace(/links=\d+ like \S+ /, ''));
      // The times of a root nobody described are those of its making.
      assert.deepEqual(
        comparable(listTree(copy).slice(1)),
        comparable(merged.slice(1)),
        'the copy has the same',
      );
    });
  }
});

const PARENT: Member = {
  name: 'p/',
  mode: 0o2711,
  uid: 11,
  gid: 22,
  mtime: { sec: 1000, nsec: 7 },
  xattrs: [{ name: 'user.note', value: Buffer.from('below') }],
};

test('directories no entry describes have the attributes they have below, at any depth', async (t) => {
  const dirs = await stack(scratch(t), [
    tarOf([{ name: './', mode: 0o711, uid: 5 }, PARENT, { ...PARENT, name: 'p/q/', uid: 33 }]),
    tarOf([{ name: 'p/', mode: 0o700, uid: 44, mtime: { sec: 5, nsec: 0 } }]),
    tarOf([{ name: 'p/q/r/new', body: 'x' }]),
  ]);
  const lines = listTree(dirs[0] ?? '');
  const [root = '', p = '', q = '', r = ''] = lines;
  assert.match(root, /^\. directory 711 5:0 /);
  assert.match(p, /^\.\/p directory 700 44:0 5\.000000000$/);
  assert.match(q, /^\.\/p\/q directory 2711 33:22 1000\.000000007 user\.note=62656c6f77$/);
  assert.match(r, /^\.\/p\/q\/r directory 755 0:0 /);
});

test('a link to a lower file brings it up whole, and disturbs no directory’s time', async (t) => {
  const file: Member = {
    name: 'd/target',
    body: 'content',
    mode: 0o4711,
    uid: 9,
    xattrs: [{ name: 'user.a', value: Buffer.from('v') }],
  };
  const dirs = await stack(scratch(t), [
    tarOf([{ name: './' }, PARENT, { name: 'd/', mode: 0o750, mtime: { sec: 77, nsec: 1 } }, file]),
    tarOf([
      { name: 'p/', mtime: { sec: 88, nsec: 0 } },
      { name: 'p/one', type: 'hardlink', linkname: '/d/target' },
      { name: 'p/two', type: 'hardlink', linkname: './p/one' },
    ]),
  ]);
  assert.deepEqual(listTree(dirs[0] ?? '').slice(1), [
    './d directory 750 0:0 77.000000001',
    './d/target file 4711 9:0 1600000000.123456789 user.a=76 links=3 like ./d/target 7 ed7002b439e9ac84',
    './p directory 755 0:0 88.000000000',
    './p/one file 4711 9:0 1600000000.123456789 user.a=76 links=3 like ./d/target 7 ed7002b439e9ac84',
    './p/two file 4711 9:0 1600000000.123456789 user.a=76 links=3 like ./d/target 7 ed7002b439e9ac84',
  ]);
});

test('a link to what no layer has is refused by name', async (t) => {
  for (const linkname of ['nothing', 'd', 'd/nothing', 'keep/x']) {
    await assert.rejects(
      stack(scratch(t), [tarOf(base), tarOf([{ name: 'l', type: 'hardlink', linkname }])]),
      {
        kind: 'invalid',
        message: `layer entry "l": hard link to "${linkname}", which is no file of this layer or those below`,
      },
    );
  }
});
