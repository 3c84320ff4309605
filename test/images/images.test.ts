import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweep } from '../../src/engine/gc.ts';
import { historyOfImage, inspectImage } from '../../src/engine/images-inspect.ts';
import { listImages } from '../../src/engine/images-list.ts';
import { pruneImages } from '../../src/engine/images-prune.ts';
import { removeImage } from '../../src/engine/images-remove.ts';
import { tagImage } from '../../src/engine/images-tag.ts';
import { loadImages } from '../../src/engine/load.ts';
import { asImageId, type ImageId, parseDigest } from '../../src/formats/digest.ts';
import { familiarString, parseReference } from '../../src/formats/reference.ts';
import { layersOf } from '../../src/images/image-record.ts';
import { makeImage } from '../support/image.ts';
import { archiveOf, streamOf } from './archives.ts';
import { type ImageLab, leftovers, openLab } from './lab.ts';

interface Spec {
  readonly layers: readonly Readonly<Record<string, string>>[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly created?: string;
}

/** Loads an image of `spec` named `name` (`''`: none). */
async function add(lab: ImageLab, name: string, spec: Spec): Promise<ImageId> {
  const image = makeImage({ layers: spec.layers, config: { Labels: spec.labels ?? {} }, compress: false });
  const config = Buffer.from(
    JSON.stringify({
      ...JSON.parse(image.config.bytes.toString()),
      created: spec.created ?? '2024-01-01T00:00:00Z',
    }),
  );
  const paths = image.layers.map((_, i) => `${i}.tar`);
  const manifest = [{ Config: 'c.json', RepoTags: name === '' ? null : [name], Layers: paths }];
  const archive = archiveOf([
    ['c.json', config],
    ['manifest.json', JSON.stringify(manifest)],
    ...image.layers.map(({ bytes }, i): [string, Buffer] => [paths[i] ?? '', bytes]),
  ]);
  const [id] = await loadImages(lab.ctx, lab.deps, streamOf(archive), {}, () => {});
  assert.ok(id);
  return id;
}

function list(lab: ImageLab, filters: Readonly<Record<string, readonly string[]>> = {}): string[] {
  const options = { all: false, sharedSize: true, filters: new Map(Object.entries(filters)) };
  return listImages(lab.deps, options).map(
    ({ record, tags, sharedSize }) => `${tags.map(familiarString).join(',')} ${record.size}/${sharedSize}`,
  );
}

const BASE = { 'base.txt': 'x'.repeat(100) };

test('lists are newest first, with sizes and filters', async () => {
  await using lab = await openLab();
  await add(lab, 'old:1', { layers: [BASE], created: '2023-01-01T00:00:00Z', labels: { a: '1' } });
  await add(lab, 'young:1', {
    layers: [BASE, { f: '12345' }],
    created: '2025-01-01T00:00:00Z',
    labels: { a: '2' },
  });
  await add(lab, '', { layers: [{ g: '1' }], created: '2024-01-01T00:00:00.5Z' });
  const [old, young, nameless] = ['old:1 100/100', 'young:1 105/100', ' 1/0'];
  const rows: { name: string; in: Readonly<Record<string, readonly string[]>>; want: string[] }[] = [
    { name: 'all', in: {}, want: [young, nameless, old] },
    { name: 'dangling', in: { dangling: ['true'] }, want: [nameless] },
    { name: 'not dangling', in: { dangling: ['false'] }, want: [young, old] },
    { name: 'label', in: { label: ['a=2'] }, want: [young] },
    { name: 'label key', in: { label: ['a'] }, want: [young, old] },
    { name: 'no label', in: { 'label!': ['a=2'] }, want: [nameless, old] },
    { name: 'before', in: { before: ['young'] }, want: [] },
    { name: 'reference', in: { reference: ['*old*', 'x'] }, want: [old] },
    { name: 'reference with a tag', in: { reference: ['y*:1'] }, want: [young] },
    { name: 'until', in: { until: ['2024-01-01T00:00:00Z'] }, want: [old] },
    { name: 'before and since', in: { before: ['young:1'], since: ['old:1'] }, want: [nameless] },
  ];
  for (const row of rows) {
    if (row.name === 'before') {
      assert.throws(() => list(lab, row.in), { kind: 'not-found', message: 'No such image: young:latest' });
    } else assert.deepEqual(list(lab, row.in), row.want, row.name);
  }
  assert.throws(() => list(lab, { shape: ['round'] }), { kind: 'invalid', message: /shape/ });
  assert.throws(() => list(lab, { dangling: ['maybe'] }), { kind: 'invalid', message: /dangling=maybe/ });
  assert.throws(() => list(lab, { reference: ['['] }), {
    kind: 'invalid',
    message: /syntax error in pattern/,
  });
});

test('removing frees what only that image had; sharing, containers and leases keep the rest', async () => {
  await using lab = await openLab();
  const empty = leftovers(lab);
  await add(lab, 'one:1', { layers: [BASE, { f: '1' }] });
  const two = await add(lab, 'two:1', { layers: [BASE, { f: '22' }] });
  const result = await removeImage(lab.ctx, lab.deps, 'one:1', { force: false, noPrune: false });
  assert.deepEqual(
    result.removed.map((each) => each.kind),
    ['untagged', 'deleted', 'deleted'],
  );
  assert.equal(result.freed, 1);
  await lab.snapshots.drained();
  assert.equal(leftovers(lab).snapshots.length, 2);
  const actions = lab.deps.events.past().map(({ action }) => action);
  assert.deepEqual(actions.slice(-2), ['untag', 'delete']);

  // A container stands on the image: its layers stay although the image goes, until the container does.
  const top = layersOf((await inspectImage(lab.ctx, lab.deps, 'two:1')).record).at(-1);
  await lab.snapshots.prepare(lab.ctx, 'container', top);
  lab.users.set(two, [{ containerId: 'c'.repeat(64), running: false }]);
  await assert.rejects(removeImage(lab.ctx, lab.deps, 'two:1', { force: false, noPrune: false }), {
    kind: 'conflict',
    message:
      /^conflict: unable to remove repository reference "two:1" \(must force\) - container cccccccccccc is using/,
  });
  const forced = await removeImage(lab.ctx, lab.deps, 'two:1', { force: true, noPrune: false });
  assert.deepEqual(forced.removed.slice(-1), [{ kind: 'deleted', digest: two }]);
  assert.equal(forced.freed, 0);
  assert.equal(leftovers(lab).snapshots.length, 3);
  assert.deepEqual((await sweep(lab.ctx, lab.deps, { keepBlobsMs: 0 })).layers, []);
  await lab.snapshots.remove(lab.ctx, 'container');
  assert.equal((await sweep(lab.ctx, lab.deps, { keepBlobsMs: 0 })).layers.length, 2);
  await lab.snapshots.drained();
  assert.deepEqual(leftovers(lab), empty);
});

test('a blob or layer that an operation or a build holds survives every sweep', async () => {
  await using lab = await openLab();
  const id = await add(lab, 'one:1', { layers: [BASE] });
  const [layer] = layersOf((await inspectImage(lab.ctx, lab.deps, id)).record);
  assert.ok(layer);
  lab.held.add(layer);
  const blobs = lab.deps.leases.blobs.take();
  blobs.add(id);
  await removeImage(lab.ctx, lab.deps, 'one:1', { force: false, noPrune: false });
  await sweep(lab.ctx, lab.deps, { keepBlobsMs: 0 });
  assert.equal(leftovers(lab).snapshots.length, 1);
  assert.ok(leftovers(lab).blobs.includes(id.slice(7)));
  lab.held.clear();
  blobs[Symbol.dispose]();
  await sweep(lab.ctx, lab.deps, { keepBlobsMs: 0 });
  await lab.snapshots.drained();
  assert.deepEqual([leftovers(lab).snapshots, leftovers(lab).blobs], [[], []]);
});

test('tags: moved, refused, told', async () => {
  await using lab = await openLab();
  const one = await add(lab, 'one:1', { layers: [{ f: '1' }] });
  const two = await add(lab, 'two:1', { layers: [{ f: '2' }] });
  await tagImage(lab.ctx, lab.deps, one.slice(7, 19), parseReference('both'));
  await tagImage(lab.ctx, lab.deps, 'two:1', parseReference('both'));
  const details = await inspectImage(lab.ctx, lab.deps, 'both');
  assert.equal(details.record.id, two);
  assert.deepEqual(details.tags.map(familiarString), ['both:latest', 'two:1']);
  assert.match(details.lastTaggedAt ?? '', /^\d{4}-/);
  const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
  const refused: [target: string, message: string][] = [
    [`x@${digest}`, 'refusing to create a tag with a digest reference'],
    ['sha256:x', 'refusing to create an ambiguous tag using digest algorithm as name'],
  ];
  for (const [target, message] of refused) {
    const tagging = tagImage(lab.ctx, lab.deps, 'one:1', parseReference(target));
    await assert.rejects(tagging, { kind: 'invalid', message }, target);
  }
  await assert.rejects(tagImage(lab.ctx, lab.deps, asImageId(digest), parseReference('y')), {
    kind: 'not-found',
  });
});

test('history tells each step with its layer’s size', async () => {
  await using lab = await openLab();
  const id = await add(lab, 'one:1', { layers: [BASE, { f: '12345' }] });
  const items = await historyOfImage(lab.ctx, lab.deps, 'one:1');
  assert.deepEqual(
    items.map(({ createdBy, size, id: step, tags }) => [createdBy, size, step, tags.map(familiarString)]),
    [
      ['layer 1', 5, id, ['one:1']],
      ['layer 0', 100, undefined, []],
    ],
  );
});

test('prune takes nameless images, or all that no container uses, by label', async () => {
  await using lab = await openLab();
  await add(lab, '', { layers: [{ f: '1' }] });
  const used = await add(lab, 'used:1', { layers: [{ f: '22' }] });
  await add(lab, 'keep:1', { layers: [{ f: '333' }], labels: { keep: 'yes' } });
  await add(lab, 'free:1', { layers: [{ f: '4444' }] });
  lab.users.set(used, [{ containerId: 'c'.repeat(64), running: true }]);
  const nameless = await pruneImages(lab.ctx, lab.deps, new Map());
  assert.equal(nameless.removed.length, 2);
  assert.equal(nameless.freed, 1);
  const filters = new Map([
    ['dangling', ['false']],
    ['label!', ['keep']],
  ]);
  const all = await pruneImages(lab.ctx, lab.deps, filters);
  assert.deepEqual(all.removed[0], { kind: 'untagged', name: 'free:1' });
  assert.equal(all.freed, 4);
  assert.deepEqual(
    list(lab)
      .map((line) => line.split(' ')[0])
      .sort(),
    ['keep:1', 'used:1'],
  );
  assert.deepEqual(lab.deps.events.past().at(-1)?.attributes, { reclaimed: '4' });
});
