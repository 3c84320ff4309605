import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isEngineError } from '../../src/base/errors.ts';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { sweep } from '../../src/engine/gc.ts';
import { listImages } from '../../src/engine/images-list.ts';
import { pruneImages } from '../../src/engine/images-prune.ts';
import { removeImage } from '../../src/engine/images-remove.ts';
import { loadImages } from '../../src/engine/load.ts';
import { pullImage } from '../../src/engine/pull.ts';
import { saveImages } from '../../src/engine/save.ts';
import { parseReference } from '../../src/formats/reference.ts';
import { layersOf } from '../../src/images/image-record.ts';
import { LAYERS } from '../../src/images/layer-record.ts';
import { startHostileRegistry } from '../support/hostile-registry.ts';
import { makeImage } from '../support/image.ts';
import { archiveOf, classicArchive, streamOf } from './archives.ts';
import { type ImageLab, openLab } from './lab.ts';

const WORKERS = 6;
const STEPS = 12;

/** Repeatable: the order still depends on the machine, the choices do not. */
function choices(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Every image is whole, and nothing is there that no image needs. */
async function checkWhole(lab: ImageLab): Promise<void> {
  await lab.snapshots.drained();
  const images = listImages(lab.deps, { all: true, sharedSize: false, filters: new Map() });
  const layers = new Set(images.flatMap(({ record }) => layersOf(record)));
  assert.deepEqual(new Set(lab.deps.store.keys(LAYERS)), layers);
  assert.deepEqual(new Set([...lab.snapshots.walk()].map(({ key }) => key)), new Set<string>(layers));
  for (const chainId of layers) {
    const [top = ''] = lab.snapshots.lowerDirs(chainId);
    assert.ok(existsSync(top), `${chainId} has its directory`);
    const blob = lab.deps.store.get(LAYERS, chainId)?.blob;
    assert.ok(blob && (await lab.deps.content.info(lab.ctx, blob.digest)), `${chainId} has its blob`);
  }
  for (const { record } of images) {
    for (const digest of [record.id, ...record.manifests.map((manifest) => manifest.digest)]) {
      assert.ok(await lab.deps.content.info(lab.ctx, digest), `${digest} is stored`);
    }
  }
  assert.deepEqual(lab.deps.leases.blobs.held(), []);
  assert.deepEqual(lab.deps.leases.layers.held(), []);
}

test('pulls, loads, saves, removals, prunes and sweeps at the same time never take anything from each other', async (t) => {
  await using registry = await startHostileRegistry();
  const shared = { 'base.txt': 'x'.repeat(20_000) };
  for (const [i, top] of ['a', 'b', 'c'].entries()) {
    registry.add(makeImage({ layers: [shared, { mid: 'm' }, { top }] }), 'box', String(i));
  }
  const archive = archiveOf(classicArchive('loaded:1', [shared, { other: 'o' }]).files);
  await using lab = await openLab();
  const names = [0, 1, 2].map((i) => `${registry.domain}/box:${i}`);
  const done: Record<string, number> = {};
  const worker = async (seed: number): Promise<void> => {
    const choose = choices(seed);
    for (let step = 0; step < STEPS; step++) {
      const name = names[choose(names.length)] ?? '';
      const abort = new AbortController();
      const ctx = { ...lab.ctx, signal: abort.signal };
      const kind =
        ['pull', 'pull', 'cancel', 'load', 'save', 'remove', 'remove', 'prune', 'sweep'][choose(9)] ?? '';
      if (kind === 'cancel') void sleep(choose(60)).then(() => abort.abort());
      try {
        await operation(lab, ctx, kind, name, archive);
        done[kind] = (done[kind] ?? 0) + 1;
      } catch (error) {
        // What another worker has just taken away is not there; everything else is a fault.
        if (!isEngineError(error, 'not-found', 'cancelled')) throw error;
        if (error.kind === 'not-found') assert.match(error.message, /^No such image/);
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, (_, i) => worker(i * 7919 + 1)));
  t.diagnostic(JSON.stringify(done));
  await sweep(lab.ctx, lab.deps, { keepBlobsMs: 0 });
  await checkWhole(lab);
  for (const name of names) {
    await operation(lab, lab.ctx, 'pull', name, archive);
    await operation(lab, lab.ctx, 'save', name, archive);
  }
  await checkWhole(lab);
});

async function operation(
  lab: ImageLab,
  ctx: ImageLab['ctx'],
  kind: string,
  name: string,
  archive: Buffer,
): Promise<void> {
  switch (kind) {
    case 'pull':
    case 'cancel':
      await pullImage(ctx, lab.deps, { reference: parseReference(name), credentials: ANONYMOUS }, () => {});
      break;
    case 'load':
      await loadImages(ctx, lab.deps, streamOf(archive), {}, () => {});
      break;
    case 'save':
      await saveImages(ctx, lab.deps, { images: [name] }, async (bytes) => {
        for await (const _ of bytes);
      });
      break;
    case 'remove':
      await removeImage(ctx, lab.deps, name, { force: true, noPrune: false });
      break;
    case 'prune':
      await pruneImages(ctx, lab.deps, new Map([['dangling', ['false']]]));
      break;
    default:
      await sweep(ctx, lab.deps, { keepBlobsMs: 0 });
  }
}
