import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type ImageListing, listImages } from '../../src/engine/images-list.ts';
import { loadImages } from '../../src/engine/load.ts';
import { familiarString } from '../../src/formats/reference.ts';
import { layersOf } from '../../src/images/image-record.ts';
import {
  blobOf,
  blobsOf,
  descriptorOf,
  makeImage,
  makeIndex,
  sha256,
  type TestBlob,
  tarOfFiles,
} from '../support/image.ts';
import { type ArchiveFile, archiveOf, classicArchive, streamOf } from './archives.ts';
import { type ImageLab, leftovers, openLab, recorder } from './lab.ts';

type Files = readonly (readonly [string, ArchiveFile])[];

async function load(lab: ImageLab, archive: Buffer): Promise<string[]> {
  const { lines, report } = recorder();
  await loadImages(lab.ctx, lab.deps, streamOf(archive), {}, report);
  return lines.filter((line) => !line.includes('Loading layer'));
}

function images(lab: ImageLab): ImageListing[] {
  return listImages(lab.deps, { all: true, sharedSize: false, filters: new Map() });
}

/** `NAMES: content of file`, for each image. */
function contents(lab: ImageLab, file: string): string[] {
  return images(lab).map(({ record, tags }) => {
    const [top = ''] = lab.snapshots.lowerDirs(layersOf(record).at(-1));
    return `${tags.map(familiarString).join(',')}: ${readFileSync(join(top, file), 'utf8')}`;
  });
}

/** An OCI layout's files. */
function layout(blobs: readonly TestBlob[], entries: readonly object[]): [string, ArchiveFile][] {
  const unique = new Map(blobs.map((blob) => [`blobs/sha256/${blob.digest.slice(7)}`, blob.bytes]));
  return [
    ['oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })],
    ['index.json', JSON.stringify({ schemaVersion: 2, manifests: entries })],
    ...unique,
  ];
}

const named = (name: string): object => ({ annotations: { 'io.containerd.image.name': name } });
const TWO_LAYERS = [{ 'base.txt': 'base' }, { 'top.txt': 'top' }];

test('a Docker archive is loaded whatever the order of its entries', async () => {
  const { image, files } = classicArchive('box:1', TWO_LAYERS);
  for (const order of [files, [...files].reverse()]) {
    await using lab = await openLab();
    assert.deepEqual(await load(lab, archiveOf(order)), ['Loaded image: box:1\n']);
    assert.deepEqual(
      images(lab).map(({ record }) => [record.id, record.size]),
      [[image.config.digest, 7]],
    );
    assert.deepEqual(contents(lab, 'top.txt'), ['box:1: top']);
    assert.deepEqual(leftovers(lab).spool, []);
    assert.deepEqual(leftovers(lab).ingests, []);
  }
});

test('layers may be links to one another, compressed, or both', async () => {
  const image = makeImage({
    layers: [{ 'a.txt': 'a' }, { 'a.txt': 'a' }, { 'b.txt': 'b' }],
    compress: false,
  });
  const [first, , last] = image.layers;
  const manifest = [
    { Config: 'c.json', RepoTags: null, Layers: ['1/layer.tar', '2/layer.tar', '3/layer.tar'] },
  ];
  const files: Files = [
    ['2/layer.tar', { link: '../1/layer.tar' }],
    ['1/layer.tar', first?.bytes ?? ''],
    ['3/layer.tar', gzipSync(last?.bytes ?? '')],
    ['c.json', image.config.bytes],
    ['manifest.json', JSON.stringify(manifest)],
  ];
  await using lab = await openLab();
  assert.deepEqual(await load(lab, gzipSync(archiveOf(files))), [
    `Loaded image ID: ${image.config.digest}\n`,
  ]);
  assert.deepEqual(contents(lab, 'b.txt'), [': b']);
});

test('a parent counts when it comes along, in whatever order', async () => {
  const [base, child] = [
    makeImage({ layers: [{ a: '1' }], compress: false }),
    makeImage({ layers: [{ a: '1' }, { b: '2' }], compress: false }),
  ];
  const entry = (config: string, parent: string, layers: string[]): object => ({
    Config: config,
    Parent: parent,
    Layers: layers,
  });
  const files: Files = [
    ['child.json', child.config.bytes],
    ['base.json', base.config.bytes],
    ['0.tar', base.layers[0]?.bytes ?? ''],
    ['1.tar', child.layers[1]?.bytes ?? ''],
    [
      'manifest.json',
      JSON.stringify([
        entry('child.json', base.config.digest, ['0.tar', '1.tar']),
        entry('base.json', `sha256:${'f'.repeat(64)}`, ['0.tar']),
      ]),
    ],
  ];
  await using lab = await openLab();
  await load(lab, archiveOf(files));
  const parents = images(lab).map(({ record }) => [record.id, record.parent]);
  assert.deepEqual(
    new Map(parents as [string, string | undefined][]),
    new Map([
      [child.config.digest, base.config.digest],
      [base.config.digest, undefined],
    ]),
  );
});

test('an archive from before Docker 1.10 is loaded', async () => {
  const [base, top] = ['a'.repeat(64), 'b'.repeat(64)];
  const json = (id: string, more: object): string =>
    JSON.stringify({
      id,
      created: '2014-01-01T00:00:00Z',
      os: 'linux',
      architecture: 'amd64',
      container_config: { Cmd: ['/bin/sh', '-c', `make ${id[0]}`] },
      ...more,
    });
  const files: Files = [
    [`${top}/VERSION`, '1.0'],
    [`${top}/json`, json(top, { parent: base, author: 'me', config: { Cmd: ['/old'] } })],
    [`${top}/layer.tar`, tarOfFiles({ 'top.txt': 'top' })],
    [`${base}/VERSION`, '1.0'],
    [`${base}/json`, json(base, {})],
    [`${base}/layer.tar`, tarOfFiles({ 'base.txt': 'base' })],
    ['repositories', JSON.stringify({ old: { 1: top, latest: top } })],
  ];
  await using lab = await openLab();
  assert.deepEqual(await load(lab, archiveOf(files)), [
    'Loaded image: old:1\n',
    'Loaded image: old:latest\n',
  ]);
  assert.deepEqual(contents(lab, 'top.txt'), ['old:1,old:latest: top']);
  assert.equal(images(lab)[0]?.record.diffIds.length, 2);
});

test('an OCI layout is loaded: names, the host’s platform, manifests as they are', async () => {
  const host = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
  const other = { os: 'linux', architecture: 's390x' };
  const [ours, theirs, plain] = [
    makeImage({ layers: [{ 'f.txt': 'ours' }] }),
    makeImage({ layers: [{ 'f.txt': 'theirs' }], platform: other }),
    makeImage({ layers: [{ 'f.txt': 'plain' }], config: { Labels: { a: 'b' } } }),
  ];
  const index = makeIndex([
    { image: theirs, platform: other },
    { image: ours, platform: host },
  ]);
  const entries = [
    { ...descriptorOf(index), ...named('docker.io/library/multi:1') },
    { ...descriptorOf(plain.manifest), annotations: { 'org.opencontainers.image.ref.name': 'latest' } },
  ];
  await using lab = await openLab();
  // The other platform's blobs are left out, as `docker save` of one platform does.
  const files = layout([index, ...blobsOf(ours), ...blobsOf(plain)], entries);
  assert.deepEqual(await load(lab, archiveOf(files)), [
    `Loaded image ID: ${plain.config.digest}\n`,
    'Loaded image: multi:1\n',
  ]);
  assert.deepEqual(contents(lab, 'f.txt').sort(), [': plain', 'multi:1: ours']);
  const multi = images(lab).find(({ tags }) => tags.length > 0);
  assert.deepEqual(
    multi?.record.manifests.map(({ digest }) => digest),
    [ours.manifest.digest],
  );
});

test('loading again changes nothing; a name that moves says so', async () => {
  await using lab = await openLab();
  const one = classicArchive('box:1', TWO_LAYERS);
  await load(lab, archiveOf(one.files));
  const before = leftovers(lab);
  assert.deepEqual(await load(lab, archiveOf(one.files)), ['Loaded image: box:1\n']);
  assert.deepEqual(leftovers(lab), before);
  const two = classicArchive('box:1', [{ 'base.txt': 'base' }, { 'top.txt': 'new' }]);
  assert.deepEqual(await load(lab, archiveOf(two.files)), [
    `The image box:1 already exists, renaming the old one with ID ${one.image.config.digest} to empty string\n`,
    'Loaded image: box:1\n',
  ]);
  assert.deepEqual(contents(lab, 'top.txt').sort(), [': top', 'box:1: new']);
});

test('a hostile or damaged archive is refused by the entry’s name, and nothing of it stays', async () => {
  const { image, files } = classicArchive('box:1', TWO_LAYERS);
  const without = (name: string): Files => files.filter(([each]) => !each.endsWith(name));
  const replace = (name: string, file: ArchiveFile): Files =>
    files.map(([each, old]) => [each, each.endsWith(name) ? file : old]);
  const tampered = Buffer.from(image.layers[1]?.bytes ?? '');
  tampered.write('X', 600);
  const oci = makeImage({ layers: TWO_LAYERS });
  const bad = blobOf(oci.config.mediaType, Buffer.from(oci.config.bytes).fill(' ', 0, 1));
  const ociFiles = layout(blobsOf(oci), [descriptorOf(oci.manifest)]);
  const swap = (digest: string, bytes: Buffer): Files =>
    ociFiles.map(([name, file]) => [name, name.endsWith(digest.slice(7)) ? bytes : file]);
  const rows: { name: string; in: Buffer; kind: string; want: RegExp }[] = [
    {
      name: 'no list',
      in: archiveOf(without('manifest.json')),
      kind: 'invalid',
      want: /no archive of images: it has neither/,
    },
    {
      name: 'config missing',
      in: archiveOf(without('.json').concat(files.filter(([name]) => name === 'manifest.json'))),
      kind: 'invalid',
      want: /entry "[0-9a-f]{64}\.json": manifest\.json\[0\]\.Config: the archive does not have it/,
    },
    {
      name: 'layer missing',
      in: archiveOf(without(`${'1'.repeat(64)}/layer.tar`)),
      kind: 'invalid',
      want: /Layers\[1\]: the archive does not have it/,
    },
    {
      name: 'wrong diff ID',
      in: archiveOf(replace(`${'1'.repeat(64)}/layer.tar`, tampered)),
      kind: 'data-loss',
      want: /entry "1{64}\/layer\.tar": .*digest/,
    },
    {
      name: 'layer that is no tar',
      in: archiveOf(replace(`${'1'.repeat(64)}/layer.tar`, 'no tar at all'.repeat(100))),
      kind: 'data-loss',
      want: /entry "1{64}\/layer\.tar"/,
    },
    {
      name: 'layer link out',
      in: archiveOf(replace(`${'1'.repeat(64)}/layer.tar`, { link: '../../../etc/passwd' })),
      kind: 'invalid',
      want: /entry "1{64}\/layer\.tar": .* leads out of the archive/,
    },
    {
      name: 'twice',
      in: archiveOf([...files, ['manifest.json', '[]']]),
      kind: 'invalid',
      want: /entry "manifest\.json": the archive has it twice/,
    },
    {
      name: 'huge manifest.json',
      in: archiveOf(replace('manifest.json', Buffer.alloc((8 << 20) + 1, ' '))),
      kind: 'invalid',
      want: /entry "manifest\.json": 8388609 bytes \(at most 8388608/,
    },
    {
      name: 'deep JSON',
      in: archiveOf(replace('manifest.json', '['.repeat(100_000))),
      kind: 'invalid',
      want: /manifest\.json: not JSON/,
    },
    {
      name: 'bad name',
      in: archiveOf(classicArchive('../../evil', TWO_LAYERS).files),
      kind: 'invalid',
      want: /RepoTags\[0\]: "\.\.\/\.\.\/evil" is no image name/,
    },
    {
      name: 'fewer layers than diff IDs',
      in: archiveOf(
        replace(
          'manifest.json',
          JSON.stringify([{ Config: `${image.config.digest.slice(7)}.json`, Layers: [] }]),
        ),
      ),
      kind: 'invalid',
      want: /manifest\.json\[0\]\.Layers: 0 entries, but the config has 2 diff_ids/,
    },
    { name: 'cut off', in: archiveOf(files).subarray(0, 5000), kind: 'invalid', want: /tar/ },
    { name: 'no tar', in: Buffer.alloc(2000, 'x'), kind: 'invalid', want: /this is no tar archive/ },
    {
      name: 'OCI config with another digest',
      in: archiveOf(swap(oci.config.digest, bad.bytes)),
      kind: 'data-loss',
      want: new RegExp(oci.config.digest),
    },
    {
      name: 'OCI layer of another size',
      in: archiveOf(swap(oci.layers[1]?.digest ?? '', Buffer.alloc(10))),
      kind: 'data-loss',
      want: new RegExp(
        `entry "blobs/sha256/${oci.layers[1]?.digest.slice(7)}": 10 bytes, but its descriptor says`,
      ),
    },
    {
      name: 'OCI layer with another digest',
      in: archiveOf(
        swap(oci.layers[1]?.digest ?? '', Buffer.from(oci.layers[1]?.bytes ?? '').fill(1, 60, 62)),
      ),
      kind: 'data-loss',
      want: new RegExp(`entry "blobs/sha256/${oci.layers[1]?.digest.slice(7)}": .*digest`),
    },
    {
      name: 'OCI blob missing',
      in: archiveOf(ociFiles.filter(([name]) => !name.endsWith(oci.config.digest.slice(7)))),
      kind: 'invalid',
      want: /the archive does not have it/,
    },
  ];
  await using lab = await openLab();
  const empty = leftovers(lab);
  for (const row of rows) {
    await assert.rejects(load(lab, row.in), { kind: row.kind, message: row.want }, row.name);
    await lab.snapshots.drained();
    assert.deepEqual(leftovers(lab), empty, `${row.name}: nothing stays`);
    assert.deepEqual(images(lab), [], row.name);
  }
});

test('when one image of an archive is bad, none is loaded', async () => {
  const good = classicArchive('good:1', [{ 'a.txt': 'a' }]);
  const bad = makeImage({ layers: [{ 'b.txt': 'b' }], compress: false });
  const files: Files = [
    ...good.files.filter(([name]) => name !== 'manifest.json'),
    ['bad.json', bad.config.bytes],
    ['bad.tar', tarOfFiles({ 'b.txt': 'other' })],
    [
      'manifest.json',
      JSON.stringify([
        {
          Config: `${good.image.config.digest.slice(7)}.json`,
          RepoTags: ['good:1'],
          Layers: [`${'0'.repeat(64)}/layer.tar`],
        },
        { Config: 'bad.json', RepoTags: ['bad:1'], Layers: ['bad.tar'] },
      ]),
    ],
  ];
  await using lab = await openLab();
  const empty = leftovers(lab);
  await assert.rejects(load(lab, archiveOf(files)), { kind: 'data-loss', message: /entry "bad\.tar"/ });
  await lab.snapshots.drained();
  assert.deepEqual(leftovers(lab), empty);
  assert.equal(sha256(bad.config.bytes), bad.config.digest);
});
