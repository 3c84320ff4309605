import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { type ImageListing, listImages } from '../../src/engine/images-list.ts';
import { type PullRequest, pullImage } from '../../src/engine/pull.ts';
import { parsePlatform } from '../../src/formats/platform.ts';
import { familiarString, parseReference } from '../../src/formats/reference.ts';
import { layersOf } from '../../src/images/image-record.ts';
import { type HostileRegistry, startHostileRegistry } from '../support/hostile-registry.ts';
import { blobOf, descriptorOf, makeImage, makeIndex, type TestImage } from '../support/image.ts';
import { startRegistry } from '../support/registry.ts';
import { type ImageLab, leftovers, openLab, recorder } from './lab.ts';

async function pull(
  lab: ImageLab,
  name: string,
  more: Partial<PullRequest> = {},
  signal = lab.ctx.signal,
): Promise<string[]> {
  const { lines, report } = recorder();
  const request = { reference: parseReference(name), credentials: ANONYMOUS, ...more };
  await pullImage({ ...lab.ctx, signal }, lab.deps, request, report);
  return lines;
}

function images(lab: ImageLab): ImageListing[] {
  return listImages(lab.deps, { all: true, sharedSize: false, filters: new Map() });
}

function readTop(lab: ImageLab, { record }: ImageListing, file: string): string {
  const [top = ''] = lab.snapshots.lowerDirs(layersOf(record).at(-1));
  return readFileSync(join(top, file), 'utf8');
}

/** A layer line's states, without the counters between. */
function statesOf(lines: readonly string[], digest: string): string[] {
  const mine = lines.filter((line) => line.startsWith(digest.slice(7, 19))).map((line) => line.slice(14));
  return mine.filter((state, i) => state !== mine[i - 1] && !/^(Downloading|Extracting)/.test(state));
}

const HOST = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
const FOREIGN = { os: 'linux', architecture: 's390x' };

test('a pull from a registry tells what Docker tells, and a second one that all is there', async () => {
  await using registry = await startRegistry();
  const base = { 'base.txt': 'base' };
  const image = makeImage({ layers: [base, { 'top.txt': 'top' }], config: { Labels: { a: 'b' } } });
  await registry.push(image, 'test/box:1');
  await registry.push(makeImage({ layers: [base, { 'top.txt': 'other' }] }), 'test/other:1');
  await using lab = await openLab();
  const name = `${registry.domain}/test/box:1`;
  const lines = await pull(lab, name);
  assert.deepEqual(
    lines.filter((line) => !/^[0-9a-f]{12}:/.test(line)),
    [
      '1: Pulling from test/box',
      `: Digest: ${image.manifest.digest}`,
      `: Status: Downloaded newer image for ${name}`,
    ],
  );
  for (const { digest } of image.layers) {
    assert.deepEqual(statesOf(lines, digest), [
      'Pulling fs layer',
      'Waiting',
      'Verifying Checksum',
      'Download complete',
      'Pull complete',
    ]);
  }
  const [only] = images(lab);
  assert.ok(only);
  assert.equal(only.record.id, image.config.digest);
  assert.deepEqual(only.tags.map(familiarString), [name]);
  assert.deepEqual(only.digests.map(familiarString), [
    `${registry.domain}/test/box@${image.manifest.digest}`,
  ]);
  assert.equal(readTop(lab, only, 'top.txt'), 'top');
  const event = lab.deps.events.past().at(-1);
  assert.deepEqual([event?.type, event?.action, event?.actorId], ['image', 'pull', name]);
  assert.deepEqual(event?.attributes, { a: 'b', name: `${registry.domain}/test/box` });

  const again = await pull(lab, name);
  assert.deepEqual(again, [
    '1: Pulling from test/box',
    `: Digest: ${image.manifest.digest}`,
    `: Status: Image is up to date for ${name}`,
  ]);
  const other = await pull(lab, `${registry.domain}/test/other:1`);
  assert.deepEqual(statesOf(other, image.layers[0]?.digest ?? ''), ['Already exists']);
  assert.equal(images(lab).length, 2);
  assert.deepEqual(leftovers(lab).ingests, []);
});

test('of an index the host’s image is pulled, or the one asked for', async () => {
  await using registry = await startRegistry();
  const ours = makeImage({ layers: [{ 'f.txt': 'ours' }] });
  const theirs = makeImage({ layers: [{ 'f.txt': 'theirs' }], platform: FOREIGN });
  const index = makeIndex([
    { image: theirs, platform: FOREIGN },
    { image: ours, platform: HOST },
  ]);
  await registry.pushIndex(index, [ours, theirs], 'multi:1');
  await registry.push(theirs, 'foreign:1');
  const name = `${registry.domain}/multi:1`;
  await using lab = await openLab();
  const lines = await pull(lab, name);
  assert.ok(lines.includes(`: Digest: ${index.digest}`));
  assert.deepEqual(
    images(lab).map((image) => [readTop(lab, image, 'f.txt'), image.tags.length, image.digests.length]),
    [['ours', 1, 1]],
  );
  await pull(lab, name, { platform: parsePlatform('linux/s390x') });
  const named = images(lab).filter(({ tags }) => tags.length > 0);
  assert.deepEqual(
    named.map((image) => readTop(lab, image, 'f.txt')),
    ['theirs'],
  );
  await assert.rejects(pull(lab, name, { platform: parsePlatform('linux/riscv64') }), {
    kind: 'not-found',
    message: /^no matching manifest for linux\/riscv64 in the manifest list entries: linux\/s390x, linux\//,
  });
  await assert.rejects(
    pull(lab, `${registry.domain}/foreign:1`, { platform: parsePlatform('linux/arm64') }),
    {
      kind: 'not-found',
      message: /its platform \(linux\/s390x\) does not match the specified platform \(linux\/arm64\/v8\)/,
    },
  );
});

test('by digest, all tags, and a tag that moves', async () => {
  await using registry = await startRegistry();
  const [old, young] = [makeImage({ layers: [{ f: 'old' }] }), makeImage({ layers: [{ f: 'young' }] })];
  await registry.push(old, 'box:1');
  await registry.push(young, 'box:2');
  await using lab = await openLab();
  const box = `${registry.domain}/box`;
  await pull(lab, `${box}@${old.manifest.digest}`);
  assert.deepEqual(
    images(lab).map(({ tags, digests }) => [tags.length, digests.map(familiarString)]),
    [[0, [`${box}@${old.manifest.digest}`]]],
  );
  await pull(lab, box, { allTags: true });
  assert.deepEqual(
    images(lab)
      .flatMap(({ tags }) => tags.map(familiarString))
      .sort(),
    [`${box}:1`, `${box}:2`],
  );
  await registry.push(young, 'box:1');
  const lines = await pull(lab, `${box}:1`);
  assert.ok(lines.includes(`: Status: Downloaded newer image for ${box}:1`));
  const moved = images(lab).find(({ record }) => record.id === old.config.digest);
  assert.deepEqual([moved?.tags.length, moved?.digests.length], [0, 1], 'the old one keeps its digest');
  await assert.rejects(pull(lab, `${box}:9`), { kind: 'not-found' });
});

function bigImage(): TestImage {
  const noise = (): Record<string, string> => ({ 'noise.txt': randomBytes(300_000).toString('base64') });
  return makeImage({ layers: [noise(), noise(), noise()] });
}

function blobRequests(registry: HostileRegistry, digest: string): number {
  return registry.asked(new RegExp(`GET .*/blobs/${digest}`)).length;
}

test('pulls of the same layers at the same time share the work; one that is cancelled does not take the other along', async () => {
  await using registry = await startHostileRegistry();
  const image = bigImage();
  registry.add(image, 'box', '1');
  registry.add(image, 'twin', '1');
  const [held] = image.layers;
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  registry.on(new RegExp(`GET .*/blobs/${held?.digest}`), async (_request, _response, honest) => {
    await opened;
    await honest();
  });
  await using lab = await openLab();
  const abort = new AbortController();
  const first = assert.rejects(pull(lab, `${registry.domain}/box:1`, {}, abort.signal), {
    kind: 'cancelled',
  });
  const second = pull(lab, `${registry.domain}/twin:1`);
  while (blobRequests(registry, held?.digest ?? '') === 0) await new Promise((done) => setTimeout(done, 10));
  abort.abort();
  await first;
  open();
  await second;
  for (const { digest } of image.layers) assert.equal(blobRequests(registry, digest), 1);
  assert.deepEqual(
    images(lab).flatMap(({ tags }) => tags.map(familiarString)),
    [`${registry.domain}/twin:1`],
  );
  assert.deepEqual(leftovers(lab).ingests, []);
});

test('a cancelled pull leaves what it goes on from, and nothing else', async () => {
  await using registry = await startHostileRegistry();
  const image = bigImage();
  registry.add(image, 'box', '1');
  const last = image.layers[2];
  assert.ok(last);
  registry.on(
    new RegExp(`GET .*/blobs/${last.digest}`),
    (_request, _response, honest) => honest({ cutAt: 100_000, cut: 'stall' }),
    1,
  );
  await using lab = await openLab();
  const abort = new AbortController();
  const { report, lines } = recorder();
  const request = { reference: parseReference(`${registry.domain}/box:1`), credentials: ANONYMOUS };
  const pulling = pullImage({ ...lab.ctx, signal: abort.signal }, lab.deps, request, report);
  const rejected = assert.rejects(pulling, { kind: 'cancelled' });
  while (lines.filter((line) => line.endsWith('Pull complete')).length < 2) {
    await new Promise((done) => setTimeout(done, 10));
  }
  abort.abort();
  await rejected;
  await lab.snapshots.drained();
  const left = leftovers(lab);
  assert.deepEqual(left.ingests, [last.digest.slice(7)]);
  assert.deepEqual(left.snapshots, []);
  assert.deepEqual(images(lab), []);
  assert.equal([...lab.snapshots.walk()].length, 0);

  await pull(lab, `${registry.domain}/box:1`);
  for (const { digest } of image.layers.slice(0, 2))
    assert.equal(blobRequests(registry, digest), 1, 'kept whole');
  const ranges = registry
    .asked(new RegExp(`GET .*/blobs/${last.digest}`))
    .map(({ headers }) => headers.range);
  assert.deepEqual(ranges, [undefined, 'bytes=100000-']);
  assert.deepEqual(leftovers(lab).ingests, []);
});

test('bytes that went bad on our disk, or come bad from a registry, are not taken; good ones are fetched anew', async () => {
  await using registry = await startHostileRegistry();
  const image = bigImage();
  registry.add(image, 'box', '1');
  const [layer] = image.layers;
  assert.ok(layer);
  await using lab = await openLab();
  writeFileSync(join(lab.root, 'content/ingest', layer.digest.slice(7)), Buffer.alloc(50_000));
  await pull(lab, `${registry.domain}/box:1`);
  assert.equal(images(lab).length, 1);

  await using second = await openLab();
  const flip = (bytes: Buffer): Buffer => Buffer.from(bytes).fill(0x55, 1000, 1010);
  registry.on(
    new RegExp(`GET .*/blobs/${layer.digest}`),
    (_request, _response, honest) => honest({ bytes: flip }),
    2,
  );
  await assert.rejects(pull(second, `${registry.domain}/box:1`), { kind: 'data-loss' });
  assert.deepEqual(images(second), []);
  assert.ok(!leftovers(second).ingests.includes(layer.digest.slice(7)), 'wrong bytes are not kept');
  await pull(second, `${registry.domain}/box:1`);
  assert.equal(images(second).length, 1);
});

test('hostile manifests and configs are refused by name', async () => {
  await using registry = await startHostileRegistry();
  const good = makeImage({ layers: [{ f: '1' }, { f: '2' }] });
  const manifestWith = (change: object): ReturnType<typeof blobOf> =>
    blobOf(good.manifest.mediaType, { ...JSON.parse(good.manifest.bytes.toString()), ...change });
  const configWith = (change: object): TestImage['config'] =>
    blobOf(good.config.mediaType, { ...JSON.parse(good.config.bytes.toString()), ...change });
  const wrongDiff = configWith({ rootfs: { type: 'layers', diff_ids: good.diffIds.toReversed() } });
  const badConfig = configWith({ config: { Volumes: { '/../../etc': {} } } });
  const chart = { ...descriptorOf(good.config), mediaType: 'application/vnd.cncf.helm.config.v1+json' };
  const rows: { name: string; manifest: ReturnType<typeof blobOf>; kind: string; want: RegExp }[] = [
    {
      name: 'CVE-2021-41190: manifest and index at once',
      manifest: manifestWith({ manifests: [] }),
      kind: 'invalid',
      want: /ambiguous manifest/,
    },
    {
      name: 'CVE-2021-21285: no config',
      manifest: manifestWith({ config: null }),
      kind: 'invalid',
      want: /config: expected an object/,
    },
    {
      name: 'CVE-2024-3727: a digest that is a path',
      manifest: manifestWith({ layers: [{ digest: 'sha256:../../etc' }] }),
      kind: 'invalid',
      want: /layers\[0\]/,
    },
    {
      name: 'CVE-2022-23648: volume out of the root',
      manifest: manifestWith({ config: descriptorOf(badConfig) }),
      kind: 'invalid',
      want: /Volumes.*"\.\." is not allowed/,
    },
    {
      name: 'CVE-2023-25153: a config larger than any',
      manifest: manifestWith({ config: { ...descriptorOf(good.config), size: 9 << 20 } }),
      kind: 'invalid',
      want: /image config sha256:.*: 9437184 bytes \(at most 8388608\)/,
    },
    {
      name: 'diff IDs of other layers',
      manifest: manifestWith({ config: descriptorOf(wrongDiff) }),
      kind: 'data-loss',
      want: /digest/,
    },
    {
      name: 'fewer layers than diff IDs',
      manifest: manifestWith({ layers: [descriptorOf(good.layers[0] ?? good.config)] }),
      kind: 'invalid',
      want: /1 layers, but its config has 2 diff_ids/,
    },
    {
      name: 'an artifact',
      manifest: manifestWith({ config: chart }),
      kind: 'invalid',
      want: /this is no container image: unsupported media type \(config: application\/vnd\.cncf/,
    },
  ];
  await using lab = await openLab();
  registry.add(good, 'box', 'good');
  for (const blob of [wrongDiff, badConfig]) registry.addBlob('box', blob);
  for (const [i, row] of rows.entries()) {
    registry.addBlob('box', row.manifest, `t${i}`);
    await assert.rejects(
      pull(lab, `${registry.domain}/box:t${i}`),
      { kind: row.kind, message: row.want },
      row.name,
    );
    await lab.snapshots.drained();
    assert.deepEqual(leftovers(lab).snapshots, [], row.name);
    assert.deepEqual(images(lab), [], row.name);
  }
});

test('CVE-2020-15157: the URLs of a foreign layer are not followed', async () => {
  await using registry = await startHostileRegistry();
  await using elsewhere = await startHostileRegistry();
  const image = makeImage({ layers: [{ f: '1' }] });
  const layer = image.layers[0] ?? image.config;
  const foreign = {
    ...descriptorOf(layer),
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    urls: [`${elsewhere.url}/v2/box/blobs/${layer.digest}`],
  };
  elsewhere.add(image, 'box', '1');
  const manifest = blobOf(image.manifest.mediaType, {
    ...JSON.parse(image.manifest.bytes.toString()),
    layers: [foreign],
  });
  registry.addBlob('box', image.config);
  registry.addBlob('box', manifest, '1');
  await using lab = await openLab();
  await assert.rejects(pull(lab, `${registry.domain}/box:1`));
  assert.deepEqual(elsewhere.requests, []);
});

test('a full manifest store does not grow: pulling again adds no file', async () => {
  await using registry = await startHostileRegistry();
  registry.add(makeImage(), 'box', '1');
  await using lab = await openLab();
  await pull(lab, `${registry.domain}/box:1`);
  const before = leftovers(lab);
  appendFileSync(join(lab.root, 'note'), '');
  await pull(lab, `${registry.domain}/box:1`);
  assert.deepEqual(leftovers(lab), before);
});
