import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { backgroundCtx, type Ctx } from '../../src/base/ctx.ts';
import { type Log, silentLog } from '../../src/base/log.ts';
import { procPath } from '../../src/kernel/fd.ts';
import { withOverlay } from '../../src/kernel/overlay.ts';
import { type DiffSource, diffLayer } from '../../src/layers/diff.ts';
import { settle } from '../../src/layers/settle.ts';
import type { SnapshotMounts, Snapshotter } from '../../src/snapshots/snapshotter.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { type Member, tarOf, unpackHere } from '../layers/lab.ts';

const ctx: Ctx = backgroundCtx();

export type Make = (base: string, store: Store, log: Log) => Snapshotter;

interface Lab {
  readonly base: string;
  readonly store: Store;
  snapshots: Snapshotter;
  /** Another life of the daemon over the same directories. */
  reopen(): Promise<void>;
}

async function openLab(t: TestContext, make: Make): Promise<Lab> {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-snapshots-'));
  const store = await openStore(join(dir, 'meta'), silentLog);
  const base = join(dir, 'snapshots');
  const lab: Lab = {
    base,
    store,
    snapshots: make(base, store, silentLog),
    reopen: async () => {
      await lab.snapshots.drained();
      lab.snapshots = make(base, store, silentLog);
      await lab.snapshots.drained();
    },
  };
  t.after(async () => {
    await lab.snapshots.drained();
    await store.close();
    rmSync(dir, { recursive: true });
  });
  return lab;
}

/** Brings in a layer the way a pull does. */
async function layer(
  { snapshots }: Lab,
  name: string,
  parent: string | undefined,
  members: Member[] | Buffer,
) {
  const dir = snapshots.newLayerDir();
  assert.ok(!existsSync(dir) && existsSync(dirname(dir)));
  const tar = Buffer.isBuffer(members) ? members : tarOf(members);
  const { deferred } = await unpackHere(tar, dir, snapshots.whiteouts);
  await settle(ctx, dir, deferred, snapshots.lowerDirs(parent));
  await snapshots.register(ctx, name, parent, dir);
  assert.ok(!existsSync(dir), 'moved away');
}

/** Lets `use` work in the tree that mounts describe. */
async function inside<T>(mounts: SnapshotMounts, use: (root: string) => T): Promise<T> {
  if (mounts.kind === 'bind') return use(mounts.dir);
  const upper = mounts.upper === undefined ? undefined : { directory: mounts.upper, work: mounts.work ?? '' };
  return withOverlay({ base: mounts.base, lower: mounts.lowerNames, ...(upper && { upper }) }, async (root) =>
    use(procPath(root)),
  );
}

/** Paths with contents, `d/` for a directory. */
function tree(root: string, path = ''): string[] {
  return readdirSync(join(root, path), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const below = join(path, entry.name);
      if (!entry.isDirectory()) return [`${below}=${readFileSync(join(root, below), 'utf8')}`];
      return [`${below}/`, ...tree(root, below)];
    });
}

const bottom: Member[] = [
  { name: './', mode: 0o711, uid: 3 },
  { name: 'd/' },
  { name: 'd/x', body: '1' },
  { name: 'f', body: 'f' },
];
const middle: Member[] = [{ name: 'd/y', body: '2' }, { name: '.wh.f' }];

/** What every snapshotter promises (snapshots/snapshotter.ts). */
export function conformance(name: string, make: Make): void {
  const check = (what: string, run: (lab: Lab) => Promise<void>): void => {
    test(`${name}: ${what}`, async (t) => run(await openLab(t, make)));
  };

  check('layers stack into one tree, and a writable one goes on top', async (lab) => {
    const { snapshots } = lab;
    await layer(lab, 'l1', undefined, bottom);
    await layer(lab, 'l2', 'l1', middle);
    assert.deepEqual(await inside(snapshots.mounts('l2'), tree), ['d/', 'd/x=1', 'd/y=2']);
    const mounts = await snapshots.prepare(ctx, 'c', 'l2');
    assert.deepEqual(mounts, snapshots.mounts('c'));
    await inside(mounts, (root) => {
      assert.deepEqual(tree(root), ['d/', 'd/x=1', 'd/y=2']);
      assert.equal(statSync(root).uid, 3, 'the root belongs to whom it belongs below');
      assert.equal(statSync(root).mode & 0o7777, 0o755, 'and is open to every user');
      writeFileSync(join(root, 'd/x'), 'changed');
      rmSync(join(root, 'd/y'));
      writeFileSync(join(root, 'n'), 'new');
    });
    assert.deepEqual(await inside(mounts, tree), ['d/', 'd/x=changed', 'n=new']);
    assert.deepEqual(
      await inside(snapshots.mounts('l2'), tree),
      ['d/', 'd/x=1', 'd/y=2'],
      'what is below stays',
    );
  });

  check('a writable one on nothing', async ({ snapshots }) => {
    const mounts = await snapshots.prepare(ctx, 'c', undefined);
    assert.deepEqual(mounts.kind === 'bind' && { ...mounts, dir: '' }, {
      kind: 'bind',
      dir: '',
      readOnly: false,
    });
    await inside(mounts, (root) => writeFileSync(join(root, 'x'), ''));
  });

  check('a view is read-only', async (lab) => {
    await layer(lab, 'l1', undefined, bottom);
    await layer(lab, 'l2', 'l1', middle);
    for (const parent of ['l1', 'l2']) {
      const mounts = await lab.snapshots.view(ctx, `v-${parent}`, parent);
      assert.ok(mounts.kind === 'bind' ? mounts.readOnly : mounts.upper === undefined);
      assert.deepEqual(await inside(mounts, tree), await inside(lab.snapshots.mounts(parent), tree));
      await assert.rejects(lab.snapshots.commit(ctx, 'new', `v-${parent}`), { kind: 'conflict' });
    }
  });

  check('committing makes a layer of a writable one', async (lab) => {
    const { snapshots } = lab;
    await layer(lab, 'l1', undefined, bottom);
    const mounts = await snapshots.prepare(ctx, 'c', 'l1');
    await inside(mounts, (root) => rmSync(join(root, 'd'), { recursive: true }));
    await snapshots.commit(ctx, 'l2', 'c');
    assert.equal(snapshots.stat('c'), undefined);
    assert.equal(snapshots.stat('l2')?.parent, 'l1');
    const above = await snapshots.prepare(ctx, 'c', 'l2');
    assert.deepEqual(await inside(above, tree), ['f=f']);
    await assert.rejects(snapshots.commit(ctx, 'l2', 'c'), {
      kind: 'conflict',
      message: /l2 exists already/,
    });
    await assert.rejects(snapshots.commit(ctx, 'l3', 'l2'), {
      kind: 'conflict',
      message: /only an active one/,
    });
    await assert.rejects(snapshots.commit(ctx, 'l3', 'nope'), { kind: 'not-found' });
  });

  check('a diff of a writable one, as a layer, gives the same tree', async (lab) => {
    const { snapshots } = lab;
    await layer(lab, 'l1', undefined, bottom);
    const mounts = await snapshots.prepare(ctx, 'c', 'l1');
    const want = await inside(mounts, (root) => {
      rmSync(join(root, 'd'), { recursive: true });
      mkdirSync(join(root, 'd'));
      writeFileSync(join(root, 'd/z'), 'z');
      writeFileSync(join(root, 'f'), 'longer');
      return tree(root);
    });
    const dir = mounts.kind === 'bind' ? mounts.dir : (mounts.upper ?? '');
    const source: DiffSource = { whiteouts: snapshots.whiteouts, dir, lowerDirs: snapshots.lowerDirs('l1') };
    const chunks: Uint8Array[] = [];
    for await (const chunk of diffLayer(ctx, source)) chunks.push(chunk);
    await layer(lab, 'l2', 'l1', Buffer.concat(chunks));
    assert.deepEqual(await inside(snapshots.mounts('l2'), tree), want);
  });

  check('keys are unique, parents committed and there', async (lab) => {
    const { snapshots } = lab;
    await layer(lab, 'l1', undefined, bottom);
    await snapshots.prepare(ctx, 'c', 'l1');
    await assert.rejects(snapshots.prepare(ctx, 'c', 'l1'), {
      kind: 'conflict',
      message: /c exists already/,
    });
    await assert.rejects(snapshots.view(ctx, 'l1', 'l1'), { kind: 'conflict' });
    await assert.rejects(layer(lab, 'l1', undefined, bottom), { kind: 'conflict' });
    await assert.rejects(snapshots.prepare(ctx, 'd', 'c'), { kind: 'conflict', message: /not committed/ });
    await assert.rejects(snapshots.prepare(ctx, 'd', 'nope'), { kind: 'not-found' });
    await assert.rejects(snapshots.view(ctx, 'd', 'nope'), { kind: 'not-found' });
    const both = await Promise.allSettled([
      snapshots.prepare(ctx, 'e', 'l1'),
      snapshots.prepare(ctx, 'e', 'l1'),
    ]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await snapshots.drained();
    assert.equal(readdirSync(lab.base).length, 3, 'l1, c, e');
  });

  check('what others stand on cannot be removed; what is removed goes from the disk', async (lab) => {
    const { snapshots } = lab;
    await layer(lab, 'l1', undefined, bottom);
    await layer(lab, 'l2', 'l1', middle);
    await snapshots.prepare(ctx, 'c', 'l2');
    await snapshots.view(ctx, 'v', 'l1');
    await assert.rejects(snapshots.remove(ctx, 'l2'), { kind: 'conflict', message: /c stands on it/ });
    await assert.rejects(snapshots.remove(ctx, 'l1'), { kind: 'conflict' });
    await assert.rejects(snapshots.remove(ctx, 'nope'), { kind: 'not-found' });
    for (const key of ['c', 'l2', 'v', 'l1']) await snapshots.remove(ctx, key);
    await snapshots.drained();
    assert.deepEqual(readdirSync(lab.base), []);
    assert.deepEqual([...snapshots.walk()], []);
  });

  check('tells what there is', async (lab) => {
    const { snapshots } = lab;
    const started = Date.now();
    await layer(lab, 'l1', undefined, [{ name: './' }, { name: 'big', body: Buffer.alloc(100_000, 1) }]);
    await snapshots.prepare(ctx, 'c', 'l1');
    await snapshots.view(ctx, 'v', 'l1');
    const infos = [...snapshots.walk()];
    assert.deepEqual(
      infos.map(({ createdAt: _, ...info }) => info),
      [
        { key: 'c', kind: 'active', parent: 'l1' },
        { key: 'l1', kind: 'committed' },
        { key: 'v', kind: 'view', parent: 'l1' },
      ],
    );
    assert.ok(infos.every(({ createdAt }) => createdAt >= started && createdAt <= Date.now()));
    const { bytes, inodes } = await snapshots.usage(ctx, 'l1');
    assert.ok(bytes >= 100_000 && bytes < 130_000, String(bytes));
    assert.equal(inodes, 2);
    assert.deepEqual(await snapshots.usage(ctx, 'v'), { bytes: 0, inodes: 0 });
    assert.equal(snapshots.stat('nope'), undefined);
    assert.throws(() => snapshots.mounts('nope'), { kind: 'not-found' });
    await assert.rejects(snapshots.usage(ctx, 'nope'), { kind: 'not-found' });
    assert.deepEqual(snapshots.lowerDirs(undefined), []);
    assert.throws(() => snapshots.lowerDirs('c'), { kind: 'conflict' });
  });

  check('another life of the daemon finds everything, and sweeps what a crash left', async (lab) => {
    await layer(lab, 'l1', undefined, bottom);
    const mounts = await lab.snapshots.prepare(ctx, 'c', 'l1');
    await inside(mounts, (root) => writeFileSync(join(root, 'kept'), 'k'));
    for (const rubbish of ['700', '701.tmp', '702.gone', 'x'])
      mkdirSync(join(lab.base, rubbish, 'fs/d'), { recursive: true });
    const before = [...lab.snapshots.walk()];
    await lab.reopen();
    assert.deepEqual([...lab.snapshots.walk()], before);
    assert.deepEqual(await inside(lab.snapshots.mounts('c'), tree), ['d/', 'd/x=1', 'f=f', 'kept=k']);
    assert.equal(readdirSync(lab.base).length, 2);
    assert.match(lab.snapshots.newLayerDir(), /70\d\.tmp$/, 'no number is used twice');
  });

  check('the empty directory of an active one that a power cut took is made anew', async (lab) => {
    await layer(lab, 'l1', undefined, bottom);
    await lab.snapshots.prepare(ctx, 'c', 'l1');
    for (const id of readdirSync(lab.base)) {
      if (
        id !==
        dirname(lab.snapshots.lowerDirs('l1')[0] ?? '')
          .split('/')
          .pop()
      )
        rmSync(join(lab.base, id), { recursive: true });
    }
    await lab.reopen();
    await inside(lab.snapshots.mounts('c'), (root) => writeFileSync(join(root, 'x'), ''));
  });

  check('nobody but the daemon looks in', async (lab) => {
    await layer(lab, 'l1', undefined, bottom);
    assert.equal(statSync(lab.base).mode & 0o777, 0o700);
  });

  check('128 layers', async (lab) => {
    let parent: string | undefined;
    for (let i = 0; i < 128; i++) {
      await layer(lab, `l${i}`, parent, [{ name: `f${i}` }, { name: 'last', body: String(i) }]);
      parent = `l${i}`;
    }
    const mounts = await lab.snapshots.prepare(ctx, 'c', parent);
    const entries = await inside(mounts, tree);
    assert.equal(entries.length, 129);
    assert.ok(entries.includes('last=127'));
    if (mounts.kind === 'overlay') assert.ok(mounts.lowerNames.join(':').length < 1200);
  });
}
