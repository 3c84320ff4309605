import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { sweep } from '../../src/engine/gc.ts';
import { listImages } from '../../src/engine/images-list.ts';
import { removeImage } from '../../src/engine/images-remove.ts';
import { layersOf } from '../../src/images/image-record.ts';
import { LAYERS } from '../../src/images/layer-record.ts';
import { makeImage } from '../support/image.ts';
import { startRegistry } from '../support/registry.ts';
import { type ImageLab, leftovers, openLab } from './lab.ts';

const PULLER = resolve(import.meta.dirname, 'puller.ts');
const COUNT = 5;
const ROUNDS = 2 * (COUNT + 1);

/** Starts a pull and kills it a moment after `layers` layers were there; true when it had finished before. */
async function pullAndKill(root: string, name: string, layers: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', PULLER, root, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  child.stdout.on('data', (data: Buffer) => {
    output += data.toString();
    if (output.split('layer').length > layers) {
      timer ??= setTimeout(() => child.kill('SIGKILL'), Math.random() * (layers === 0 ? 500 : 4));
    }
  });
  await new Promise((done) => child.once('close', done));
  clearTimeout(timer);
  return output.includes('pulled');
}

/** What must hold after reconciling, wherever the process was killed. */
async function checkConsistent(lab: ImageLab): Promise<void> {
  await lab.snapshots.drained();
  const left = leftovers(lab);
  const infos = [...lab.snapshots.walk()];
  assert.equal(left.snapshots.length, infos.length, `a directory per snapshot: ${left.snapshots}`);
  assert.ok(!left.snapshots.some((name) => name.includes('tmp')));
  assert.deepEqual(left.spool, []);
  for (const hex of left.blobs) {
    const bytes = readFileSync(join(lab.root, 'content/blobs/sha256', hex));
    assert.equal(createHash('sha256').update(bytes).digest('hex'), hex, 'a blob is whole or not there');
  }
  const images = listImages(lab.deps, { all: true, sharedSize: false, filters: new Map() });
  const needed = new Set<string>(images.flatMap(({ record }) => layersOf(record)));
  assert.deepEqual(new Set(lab.deps.store.keys(LAYERS)), needed, 'just the layers of whole images');
  assert.deepEqual(new Set(infos.map(({ key }) => key)), needed);
}

test('a pull killed at any instant leaves nothing broken, and the next one completes', async (t) => {
  await using registry = await startRegistry();
  const noise = (): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`d${i}/f`, randomBytes(60_000).toString('base64')]),
    );
  const contents = Array.from({ length: COUNT }, noise);
  const image = makeImage({ layers: contents });
  await registry.push(image, 'box:1');
  const name = `${registry.domain}/box:1`;
  const root = mkdtempSync(join(tmpdir(), 'gantry-kill-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const seen: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const finished = await pullAndKill(root, name, round % (COUNT + 1));
    await using lab = await openLab(undefined, root, { keep: true });
    await checkConsistent(lab);
    const { ingests, blobs } = leftovers(lab);
    seen.push(`${finished ? 'finished' : 'killed'}: ${ingests.length} partial, ${blobs.length} whole`);
    // From the start again, half of the time with what there is to go on from.
    if (finished) await removeImage(lab.ctx, lab.deps, name, { force: false, noPrune: false });
    if (round % 2 === 1) await sweep(lab.ctx, lab.deps, { keepBlobsMs: 0 });
    await lab.snapshots.drained();
  }
  t.diagnostic(seen.join('; '));
  assert.equal(await pullAndKill(root, name, COUNT + 1), true, seen.join('\n'));
  await using lab = await openLab(undefined, root);
  await checkConsistent(lab);
  const [only] = listImages(lab.deps, { all: true, sharedSize: false, filters: new Map() });
  assert.equal(only?.record.id, image.config.digest);
  assert.deepEqual(leftovers(lab).ingests, []);
  const dirs = lab.snapshots.lowerDirs(layersOf(only?.record ?? { diffIds: [] }).at(-1)).toReversed();
  for (const [i, dir] of dirs.entries()) {
    const found = readdirSync(dir).map((sub) => [`${sub}/f`, readFileSync(join(dir, sub, 'f'), 'utf8')]);
    assert.deepEqual(Object.fromEntries(found), contents[i]);
  }
});
