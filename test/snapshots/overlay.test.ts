import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { silentLog } from '../../src/base/log.ts';
import { OverlaySnapshotter } from '../../src/snapshots/overlay.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';

const ctx = backgroundCtx();
let dir: string;
let store: Store;
let snapshots: OverlaySnapshotter;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gantry-snap-'));
  store = await openStore(join(dir, 'meta'), silentLog);
  snapshots = new OverlaySnapshotter(join(dir, 'snapshots'), store, silentLog);
});
afterEach(async () => {
  await snapshots.drained();
  await store.close();
  rmSync(dir, { recursive: true });
});

async function layer(name: string, parent: string | undefined, files: Record<string, string>): Promise<void> {
  const filled = snapshots.newLayerDir();
  mkdirSync(filled, { mode: 0o700 });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(filled, file), text);
  await snapshots.register(ctx, name, parent, filled);
}

test('layers stack, the uppermost first; a writable one goes on top, its root open to all', async () => {
  await layer('a', undefined, { x: '1' });
  await layer('b', 'a', { y: '2' });
  const mounts = await snapshots.prepare(ctx, 'c', 'b');
  assert.equal(mounts.kind, 'overlay');
  if (mounts.kind !== 'overlay') return;
  assert.deepEqual(
    mounts.lower.map((each) => readdirSync(each)),
    [['y'], ['x']],
  );
  assert.deepEqual(
    mounts.lowerNames.map((name) => join(mounts.base, name)),
    mounts.lower,
  );
  assert.equal(statSync(mounts.upper ?? '').mode & 0o777, 0o755);
  assert.ok(existsSync(mounts.work ?? ''));
  assert.deepEqual(snapshots.stat('c'), {
    key: 'c',
    kind: 'active',
    parent: 'b',
    createdAt: snapshots.stat('c')?.createdAt,
  });
});

test('a parent stays while something stands on it; directories go when it goes', async () => {
  await layer('a', undefined, {});
  await snapshots.prepare(ctx, 'c', 'a');
  await assert.rejects(snapshots.remove(ctx, 'a'), { kind: 'conflict', message: /c stands on it/ });
  await snapshots.remove(ctx, 'c');
  await snapshots.remove(ctx, 'a');
  await snapshots.drained();
  assert.deepEqual(readdirSync(join(dir, 'snapshots')), []);
  await assert.rejects(snapshots.remove(ctx, 'a'), { kind: 'not-found' });
});

test('names are unique, parents committed', async () => {
  await layer('a', undefined, {});
  await assert.rejects(snapshots.prepare(ctx, 'a', undefined), { kind: 'conflict' });
  await snapshots.prepare(ctx, 'c', 'a');
  await assert.rejects(snapshots.prepare(ctx, 'd', 'c'), { kind: 'conflict', message: /not committed/ });
  await assert.rejects(snapshots.prepare(ctx, 'd', 'nope'), { kind: 'not-found' });
});

test('committing an active snapshot makes a layer of it', async () => {
  const mounts = await snapshots.prepare(ctx, 'c', undefined);
  assert.equal(mounts.kind, 'bind');
  await snapshots.commit(ctx, 'l', 'c');
  assert.equal(snapshots.stat('c'), undefined);
  assert.deepEqual(snapshots.mounts('l'), { kind: 'bind', dir: snapshots.lowerDirs('l')[0], readOnly: true });
});

test('what a crash leaves is swept, and no number is used twice', async () => {
  await layer('a', undefined, { x: '1' });
  const root = join(dir, 'snapshots');
  for (const name of ['77', '78.tmp', '79.gone']) mkdirSync(join(root, name));
  const again = new OverlaySnapshotter(root, store, silentLog);
  await again.drained();
  assert.equal(readdirSync(root).length, 1);
  assert.match(again.newLayerDir(), /80\.tmp$/);
});
