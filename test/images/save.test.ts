import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { inspectImage } from '../../src/engine/images-inspect.ts';
import { tagImage } from '../../src/engine/images-tag.ts';
import { importImage } from '../../src/engine/import.ts';
import { loadImages } from '../../src/engine/load.ts';
import { pullImage } from '../../src/engine/pull.ts';
import { saveImages } from '../../src/engine/save.ts';
import { familiarString, parseReference } from '../../src/formats/reference.ts';
import { readTar } from '../../src/formats/tar-stream.ts';
import { startHostileRegistry } from '../support/hostile-registry.ts';
import { makeImage, tarOfFiles } from '../support/image.ts';
import { archiveOf, classicArchive, streamOf } from './archives.ts';
import { type ImageLab, leftovers, openLab } from './lab.ts';

async function save(lab: ImageLab, ...images: string[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await saveImages(lab.ctx, lab.deps, { images }, async (archive) => {
    for await (const chunk of archive) chunks.push(chunk);
  });
  return Buffer.concat(chunks);
}

async function filesOf(archive: Buffer): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { entry, data } of readTar(streamOf(archive))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of data) chunks.push(chunk);
    files.set(entry.name, Buffer.concat(chunks).toString('latin1'));
  }
  return files;
}

async function loadInto(lab: ImageLab, archive: Buffer): Promise<string[]> {
  return loadImages(lab.ctx, lab.deps, streamOf(archive), {}, () => {});
}

test('what is saved can be loaded: same image, same manifest, same bytes each time', async () => {
  await using registry = await startHostileRegistry();
  const image = makeImage({ layers: [{ a: '1' }, { b: '2' }], config: { Cmd: ['/x'] } });
  registry.add(image, 'box', '1');
  await using lab = await openLab();
  const name = `${registry.domain}/box:1`;
  const request = { reference: parseReference(name), credentials: ANONYMOUS };
  await pullImage(lab.ctx, lab.deps, request, () => {});
  const before = leftovers(lab);
  const archive = await save(lab, name);
  assert.ok(archive.equals(await save(lab, name)), 'deterministic');
  assert.deepEqual(leftovers(lab), before);
  const files = await filesOf(archive);
  const hex = (digest: string): string => `blobs/sha256/${digest.slice(7)}`;
  assert.deepEqual(
    [...files.keys()],
    [
      'blobs/',
      'blobs/sha256/',
      ...[image.config, image.manifest, ...image.layers].map(({ digest }) => hex(digest)).sort(),
      'index.json',
      'manifest.json',
      'oci-layout',
    ],
  );
  assert.deepEqual(JSON.parse(files.get('manifest.json') ?? ''), [
    {
      Config: hex(image.config.digest),
      RepoTags: [name],
      Layers: image.layers.map(({ digest }) => hex(digest)),
    },
  ]);
  await using other = await openLab();
  assert.deepEqual(await loadInto(other, archive), [image.config.digest]);
  const details = await inspectImage(other.ctx, other.deps, name);
  assert.deepEqual(
    details.record.manifests.map(({ digest }) => digest),
    [image.manifest.digest],
  );
  assert.deepEqual(details.config.defaults.cmd, ['/x']);
  assert.ok(archive.equals(await save(other, name)), 'and saved there it is the same again');
});

test('several images share their blobs; a repository means all its tags, an ID none', async () => {
  await using lab = await openLab();
  const one = classicArchive('box:1', [{ base: 'base' }, { a: '1' }]);
  const two = classicArchive('box:2', [{ base: 'base' }, { b: '2' }]);
  await loadInto(lab, archiveOf(one.files));
  await loadInto(lab, archiveOf(two.files));
  await tagImage(lab.ctx, lab.deps, 'box:1', parseReference('quay.io/me/app:9'));
  const all = await filesOf(await save(lab, 'box'));
  // Two configs, two manifests, three layers.
  assert.equal([...all.keys()].filter((name) => /^blobs\/sha256\/./.test(name)).length, 7);
  const tags = (files: Map<string, string>): unknown =>
    JSON.parse(files.get('manifest.json') ?? '').map((image: { RepoTags: unknown }) => image.RepoTags);
  assert.deepEqual(tags(all), [['box:1'], ['box:2']]);
  assert.deepEqual(tags(await filesOf(await save(lab, one.image.config.digest))), [null]);
  assert.deepEqual(tags(await filesOf(await save(lab, 'box:1', 'quay.io/me/app:9'))), [
    ['box:1', 'quay.io/me/app:9'],
  ]);
  await using other = await openLab();
  assert.equal((await loadInto(other, await save(lab, 'box', 'quay.io/me/app'))).length, 2);
  const details = await inspectImage(other.ctx, other.deps, 'box:1');
  assert.deepEqual(details.tags.map(familiarString), ['box:1', 'quay.io/me/app:9']);
  await assert.rejects(save(lab, 'box', 'nope'), {
    kind: 'not-found',
    message: 'No such image: nope:latest',
  });
  await assert.rejects(save(lab), { kind: 'invalid' });
});

test('an imported root file system is an image of one layer, with the changes asked for', async () => {
  await using lab = await openLab();
  const id = await importImage(lab.ctx, lab.deps, {
    tar: streamOf(tarOfFiles({ 'etc/motd': 'hello' })),
    name: parseReference('rootfs'),
    changes: ['CMD ["/bin/sh"]', 'ENV A=b', 'EXPOSE 80', 'LABEL x=y'],
    message: 'from a tar',
    platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  });
  const details = await inspectImage(lab.ctx, lab.deps, 'rootfs');
  assert.equal(details.record.id, id);
  assert.deepEqual(details.tags.map(familiarString), ['rootfs:latest']);
  const { defaults, platform, history } = details.config;
  assert.deepEqual([defaults.cmd, defaults.env, defaults.exposedPorts], [['/bin/sh'], ['A=b'], ['80/tcp']]);
  assert.deepEqual(platform, { os: 'linux', architecture: 'arm64', variant: 'v8' });
  assert.equal(details.comment, 'from a tar');
  assert.equal(history.length, 1);
  assert.equal(details.record.size, 5);
  assert.equal(readFileSync(join(details.lowerDirs[0] ?? '', 'etc/motd'), 'utf8'), 'hello');
  assert.deepEqual(
    lab.deps.events.past().map(({ action }) => action),
    ['import'],
  );
  const before = leftovers(lab);
  await assert.rejects(
    importImage(lab.ctx, lab.deps, { tar: streamOf(Buffer.alloc(9000, 'x')), changes: [], message: '' }),
    { kind: 'invalid' },
  );
  await lab.snapshots.drained();
  assert.deepEqual(leftovers(lab), before, 'what is no tar leaves nothing');
});
