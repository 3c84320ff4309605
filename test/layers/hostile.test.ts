import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { headerSum } from '../../src/formats/tar-header.ts';
import { LayerWriter } from '../../src/layers/apply/layer-writer.ts';
import { settle } from '../../src/layers/settle.ts';
import { ctx, emptyDir, listTree, type Member, scratch, stack, tarOf, unpackHere } from './lab.ts';
import { randomTree } from './random-tree.ts';

interface Place {
  /** Where layers are unpacked. */
  readonly layers: string;
  /** Absolute path of a directory an archive tries to reach, with a file `victim` and a directory `dir`. */
  readonly outside: string;
}

/** Runs `attack` and asserts that nothing outside has changed. */
async function unharmed(t: TestContext, attack: (place: Place) => Promise<void>): Promise<void> {
  const dir = scratch(t);
  const layers = emptyDir(join(dir, 'layers'));
  const outside = emptyDir(join(dir, 'outside'));
  mkdirSync(join(outside, 'dir'));
  writeFileSync(join(outside, 'victim'), 'precious', { mode: 0o640 });
  const before = listTree(outside);
  await attack({ layers, outside });
  assert.deepEqual(listTree(outside), before, 'outside is as it was');
  assert.deepEqual(readdirSync(dir).sort(), ['layers', 'outside']);
}

/** Unpacks members that must be refused, and leave nothing. */
async function refused(t: TestContext, members: (place: Place) => Member[], message: RegExp): Promise<void> {
  await unharmed(t, async (place) => {
    const target = join(place.layers, '1.tmp');
    await assert.rejects(unpackHere(tarOf(members(place)), target), { kind: 'invalid', message });
    assert.ok(!existsSync(target), 'nothing half-installed');
  });
}

/** Unpacks members that are taken, but only inside; returns the layer's listing without times. */
async function confined(t: TestContext, members: (place: Place) => Member[]): Promise<string[]> {
  let lines: string[] = [];
  await unharmed(t, async (place) => {
    const [layer = ''] = await stack(place.layers, [tarOf(members(place))]);
    lines = listTree(layer, { mtimes: false });
  });
  return lines;
}

const up = '../../outside';
const names: { name: string; entry: Member; want: RegExp }[] = [
  { name: '..', entry: { name: '..' }, want: /layer entry "\.\.": "\.\." in a name/ },
  { name: 'leading ..', entry: { name: `${up}/new` }, want: /layer entry "\.\.\/\.\.\/outside\/new"/ },
  { name: '.. in the middle', entry: { name: 'a/../../../outside/new' }, want: /"\.\." in a name/ },
  { name: '.. that stays inside', entry: { name: 'a/../b' }, want: /"\.\." in a name/ },
  { name: 'absolute ..', entry: { name: '/../../outside/new' }, want: /"\.\." in a name/ },
  {
    name: 'whiteout of ..',
    entry: { name: '.wh...' },
    want: /layer entry "\.wh\.\.\.": a whiteout of "\.\." is refused/,
  },
  { name: 'whiteout of .', entry: { name: 'd/.wh..' }, want: /a whiteout of "\." is refused/ },
  { name: 'whiteout of nothing', entry: { name: '.wh.' }, want: /a whiteout of "" is refused/ },
  {
    name: 'whiteout of a whiteout',
    entry: { name: '.wh..wh.x' },
    want: /a whiteout of "\.wh\.x" is refused/,
  },
  { name: 'whiteout below ..', entry: { name: `${up}/.wh.victim` }, want: /"\.\." in a name/ },
  {
    name: 'entry below a whiteout',
    entry: { name: '.wh.d/x' },
    want: /a whiteout cannot hold other entries/,
  },
  { name: 'opaque marker below ..', entry: { name: `${up}/.wh..wh..opq` }, want: /"\.\." in a name/ },
  {
    name: 'root as a file',
    entry: { name: './', type: 'file' },
    want: /layer entry "\.\/": the root of a layer must be a directory, not a file/,
  },
  {
    name: 'root as a link',
    entry: { name: '.', type: 'symlink', linkname: up },
    want: /must be a directory, not a symlink/,
  },
  {
    name: 'hard link out by ..',
    entry: { name: 'l', type: 'hardlink', linkname: `${up}/victim` },
    want: /"\.\." in a name/,
  },
  {
    name: 'hard link to the root',
    entry: { name: 'l', type: 'hardlink', linkname: '/' },
    want: /a hard link to "\/"/,
  },
  {
    name: 'hard link to itself',
    entry: { name: 'l', type: 'hardlink', linkname: './l' },
    want: /a hard link to/,
  },
  { name: 'link without a target', entry: { name: 'l', type: 'symlink' }, want: /without a target/ },
  {
    name: 'device number out of range',
    entry: { name: 'dev', type: 'char', major: 5000 },
    want: /no device number 5000:0/,
  },
  {
    name: 'CVE-2024-40635: an owner that wraps to root',
    entry: { name: 'f', uid: 2 ** 32 },
    want: /no owner 4294967296:0/,
  },
  {
    name: 'an owner that means "none"',
    entry: { name: 'd/', gid: 2 ** 32 - 1 },
    want: /no owner 0:4294967295/,
  },
  { name: 'component too long', entry: { name: 'n'.repeat(256) }, want: /ENAMETOOLONG/ },
];

describe('names that are refused', () => {
  for (const { name, entry, want } of names) {
    test(name, async (t) => {
      await unharmed(t, async ({ layers }) => {
        const target = join(layers, '1.tmp');
        const tar = tarOf([{ name: 'd/' }, { name: 'd/before', body: 'x' }, entry]);
        await assert.rejects(unpackHere(tar, target), { kind: 'invalid', message: want });
        assert.ok(!existsSync(target), 'nothing half-installed');
      });
    });
  }
});

describe('symbolic links planted by an earlier entry', () => {
  test('absolute: an entry through it lands inside, where such a directory is', async (t) => {
    const lines = await confined(t, ({ outside }) => [
      { name: `.${outside}/` },
      { name: 'evil', type: 'symlink', linkname: outside },
      { name: 'evil/new', body: 'x' },
    ]);
    assert.ok(lines.some((line) => /outside\/new file/.test(line)));
  });

  test('absolute: and is refused where there is none', async (t) => {
    await refused(
      t,
      ({ outside }) => [
        { name: 'evil', type: 'symlink', linkname: outside },
        { name: 'evil/new', body: 'x' },
      ],
      /^layer entry "evil\/new": "evil" above it is a symbolic link to ".*outside", which is no directory of this layer$/,
    );
  });

  for (const linkname of [
    '../../outside',
    '/../../../../../../tmp',
    '/proc/self/root',
    '/proc/self/cwd',
    'evil',
  ]) {
    test(`${linkname}: refused`, async (t) => {
      const members: Member[] = [
        { name: 'evil', type: 'symlink', linkname },
        { name: 'evil/new', body: 'x' },
      ];
      await refused(t, () => members, /"evil" above it is a symbolic link to/);
    });
  }

  test('a chain of links is followed inside only', async (t) => {
    const lines = await confined(t, () => [
      { name: 'usr/lib/' },
      { name: 'lib', type: 'symlink', linkname: '../../../usr/lib' },
      { name: 'a', type: 'symlink', linkname: '/lib/../lib' },
      { name: 'a/new', body: 'x' },
      { name: 'lib/more/', mode: 0o700 },
      { name: 'lib/deep/implied', body: 'y' },
    ]);
    assert.deepEqual(
      lines.map((line) => line.split(' ').slice(0, 3).join(' ')),
      [
        '. directory 755',
        './a symlink 777',
        './lib symlink 777',
        './usr directory 755',
        './usr/lib directory 755',
        './usr/lib/deep directory 755',
        './usr/lib/deep/implied file 644',
        './usr/lib/more directory 700',
        './usr/lib/new file 644',
      ],
    );
  });

  test('in last place it is replaced, never written through', async (t) => {
    const kinds: Member[] = [
      { name: 'x', body: 'new' },
      { name: 'x/' },
      { name: 'x', type: 'symlink', linkname: 'y' },
      { name: 'x', type: 'fifo' },
      { name: 'x', type: 'char', major: 1, minor: 3 },
      { name: 'x', type: 'hardlink', linkname: 'y' },
    ];
    for (const kind of kinds) {
      const lines = await confined(t, ({ outside }) => [
        { name: 'y', body: 'y' },
        { name: 'x', type: 'symlink', linkname: join(outside, 'victim') },
        kind,
      ]);
      assert.equal(lines.filter((line) => line.startsWith('./x ')).length, 1);
      assert.ok(!lines.some((line) => line.includes('victim')));
    }
  });

  test('that vanishes is not remembered: the entry lands where the name now is', async (t) => {
    const lines = await confined(t, () => [
      { name: 'real/' },
      { name: 'd', type: 'symlink', linkname: 'real' },
      { name: 'd/one', body: '1' },
      { name: 'd/' },
      { name: 'd/two', body: '2' },
    ]);
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['.', './d', './d/two', './real', './real/one'],
    );
  });

  test('a whiteout through one stays inside', async (t) => {
    await refused(
      t,
      ({ outside }) => [{ name: 'evil', type: 'symlink', linkname: outside }, { name: 'evil/.wh.victim' }],
      /no directory of this layer/,
    );
  });
});

test('a symbolic link of a lower layer leads nowhere: the directory takes its place', async (t) => {
  await unharmed(t, async ({ layers, outside }) => {
    const dirs = await stack(layers, [
      tarOf([{ name: './' }, { name: 'evil', type: 'symlink', linkname: outside }]),
      tarOf([
        { name: 'evil/new', body: 'x' },
        { name: 'l', type: 'hardlink', linkname: 'evil/new' },
      ]),
    ]);
    assert.deepEqual(
      listTree(dirs[0] ?? '', { mtimes: false }).map((line) => line.split(' ').slice(0, 3).join(' ')),
      ['. directory 755', './evil directory 755', './evil/new file 644', './l file 644'],
    );
    // And a hard link by way of it finds nothing.
    const tar = tarOf([{ name: 'l', type: 'hardlink', linkname: 'evil/victim' }]);
    const target = join(layers, 'third');
    const { deferred } = await unpackHere(tar, target);
    await assert.rejects(settle(ctx, target, deferred, dirs.slice(1)), {
      kind: 'invalid',
      message: /which is no file/,
    });
  });
});

test('CVE-2021-41089: a hard link changes no mode of a file outside', async (t) => {
  await unharmed(t, async ({ layers, outside }) => {
    const victim = join(outside, 'victim');
    const target = join(layers, '1.tmp');
    const tar = tarOf([{ name: 'l', type: 'hardlink', linkname: victim, mode: 0o7777, uid: 1, gid: 1 }]);
    const { deferred } = await unpackHere(tar, target);
    await assert.rejects(settle(ctx, target, deferred, []), { kind: 'invalid', message: /hard link to/ });
  });
});

test('CVE-2026-17106: links of either kind do not leave the destination', async (t) => {
  await unharmed(t, async ({ layers, outside }) => {
    const attempts: Member[][] = [
      [
        { name: 'a', type: 'symlink', linkname: outside },
        { name: 'b', type: 'hardlink', linkname: 'a' },
        { name: 'b/victim', body: 'owned' },
      ],
      [
        { name: 'a', type: 'symlink', linkname: outside },
        { name: 'b', type: 'hardlink', linkname: 'a/victim' },
        { name: 'b', body: 'owned' },
      ],
      [
        { name: 'a', type: 'symlink', linkname: join(outside, 'victim') },
        { name: 'b', type: 'hardlink', linkname: 'a' },
        { name: 'b', body: 'owned' },
        { name: 'a', body: 'owned' },
      ],
      [
        { name: 'd/' },
        { name: 'd/s', type: 'symlink', linkname: '../..' },
        { name: 'd/s/outside/victim', body: 'owned' },
      ],
    ];
    for (const [i, members] of attempts.entries()) {
      const target = join(layers, `${i}.tmp`);
      await unpackHere(tarOf(members), target).catch((error: unknown) => {
        assert.equal(error instanceof Error && 'kind' in error && error.kind, 'invalid');
      });
    }
  });
});

test('CVE-2025-47290: layers that are unpacked at the same time do not see each other’s links', async (t) => {
  await unharmed(t, async ({ layers, outside }) => {
    const planting = tarOf([
      { name: './' },
      { name: 'd', type: 'symlink', linkname: outside },
      { name: 'e', type: 'symlink', linkname: `../2.tmp` },
    ]);
    const writing = tarOf([
      { name: 'd/victim', body: 'owned' },
      { name: 'e/d', type: 'symlink', linkname: outside },
    ]);
    const targets = Array.from({ length: 8 }, (_, i) => join(layers, `${i}.tmp`));
    const results = await Promise.all(
      targets.map((target, i) => unpackHere(i % 2 === 0 ? planting : writing, target)),
    );
    for (const [i, { deferred }] of results.entries()) {
      await settle(ctx, targets[i] ?? '', deferred, targets.slice(0, i).reverse());
    }
  });
});

test('nothing in an archive steers overlay: its attributes are left out and named', async (t) => {
  const dir = scratch(t);
  const target = join(dir, 'l');
  const value = Buffer.from('y');
  const smuggled = [
    'trusted.overlay.opaque',
    'trusted.overlay.redirect',
    'trusted.overlay.metacopy',
    'user.overlay.opaque',
  ];
  const xattrs = [...smuggled, 'user.kept', 'com.apple.quarantine'].map((name) => ({ name, value }));
  const result = await unpackHere(
    tarOf([
      { name: './', xattrs },
      { name: 'd/', xattrs },
      { name: 'f', xattrs },
    ]),
    target,
  );
  assert.deepEqual(result.xattrsLeftOut, ['com.apple.quarantine', ...smuggled].sort());
  for (const line of listTree(target, { mtimes: false })) {
    assert.deepEqual(line.match(/\S+(?==79)/g), ['user.kept'], line);
  }
});

test('a directory replaced by a file, and all that was noted about what was in it, is forgotten', async (t) => {
  const dir = scratch(t);
  const [layer = ''] = await stack(dir, [
    tarOf([
      { name: 'd/sub/', mode: 0o700 },
      { name: 'd/sub/implied/x' },
      { name: 'd/link', type: 'hardlink', linkname: 'nowhere' },
      { name: 'd', body: 'now a file' },
      { name: 'e', body: 'first' },
      { name: 'e', body: 'second, longer' },
      { name: 'e', body: 'third', mode: 0o600 },
      { name: 'f/' },
      { name: 'f/', mode: 0o711, uid: 3 },
    ]),
  ]);
  assert.deepEqual(
    listTree(layer, { mtimes: false }).map((line) => line.split(' ').slice(0, 5).join(' ')),
    ['. directory 755 0:0', './d file 644 0:0 10', './e file 600 0:0 5', './f directory 711 3:0'],
  );
});

test('an empty archive is an empty layer', async (t) => {
  const dir = scratch(t);
  for (const [i, tar] of [
    Buffer.alloc(0),
    Buffer.alloc(512),
    Buffer.alloc(1024),
    Buffer.alloc(10_240),
  ].entries()) {
    const target = join(dir, String(i));
    const result = await unpackHere(tar, target);
    assert.equal(result.entries, 0);
    assert.deepEqual(readdirSync(target), []);
  }
});

test('a failure halfway through closes what was open', async (t) => {
  const dir = scratch(t);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let i = 0; i < 20; i++) {
    const target = emptyDir(join(dir, String(i)));
    const writer = new LayerWriter(target, 'overlay');
    const entry = {
      mode: 0o644,
      uid: 0,
      gid: 0,
      size: 9,
      mtime: { sec: 0, nsec: 0 },
      linkname: '',
      major: 0,
      minor: 0,
    };
    writer.entry({ ...entry, name: 'a/b/c', type: 'file', xattrs: [], uname: '', gname: '' });
    writer.data(Buffer.from('half'), 0);
    writer.close();
  }
  assert.equal(open(), before);
});

test('damaged archives end with an answer or `invalid`, and nothing outside changes', async (t) => {
  await unharmed(t, async ({ layers, outside }) => {
    const evil: Member = { name: 'evil', type: 'symlink', linkname: outside };
    const whole = tarOf([evil, ...randomTree(3).slice(0, 120), { name: 'evil/victim', body: 'x' }]);
    let refusals = 0;
    for (let round = 0; round < 150; round++) {
      const tar = damaged(whole, round);
      const target = join(layers, String(round));
      await unpackHere(tar, target)
        .then(({ deferred }) => settle(ctx, target, deferred, []))
        .catch((error: unknown) => {
          refusals++;
          assert.equal(error instanceof Error && 'kind' in error && error.kind, 'invalid', String(error));
        });
      rmSync(target, { recursive: true, force: true });
    }
    assert.ok(refusals > 50, `${refusals} refused`);
  });
});

/** Changes some bytes of some headers, and mends the checksums so that the reader goes on. */
function damaged(whole: Buffer, seed: number): Buffer {
  const tar = Buffer.from(whole);
  let state = seed + 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 4) % below;
  };
  const headers: number[] = [];
  for (let at = 0; at < tar.length; at += 512) {
    if (tar.toString('latin1', at + 257, at + 262) === 'ustar') headers.push(at);
  }
  for (let i = 0; i <= random(3); i++) {
    const at = headers[random(headers.length)] ?? 0;
    const offset =
      [random(100), 100 + random(8), 108 + random(16), 124 + random(12), 156, 157 + random(100)][random(6)] ??
      0;
    tar[at + offset] = [random(256), 0x2f, 0x2e, 0x30 + random(10)][random(4)] ?? 0;
    tar.write(headerSum(tar, at).toString(8).padStart(6, '0') + '\0 ', at + 148, 'latin1');
  }
  return tar;
}

test('a full disk is told as such, and nothing stays', { skip: noMount() }, async (t) => {
  const dir = scratch(t);
  const disk = emptyDir(join(dir, 'disk'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  try {
    const tar = tarOf([
      { name: 'small', body: 'x' },
      { name: 'large', body: Buffer.alloc(2 << 20, 1) },
    ]);
    await assert.rejects(unpackHere(tar, join(disk, '1.tmp')), {
      kind: 'no-space',
      message: /layer entry "large": .*ENOSPC/,
    });
    assert.deepEqual(readdirSync(disk), []);
  } finally {
    execFileSync('umount', [disk]);
  }
});

function noMount(): string | false {
  return process.getuid?.() === 0 ? false : 'mounting needs root';
}
