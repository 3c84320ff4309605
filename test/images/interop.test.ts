import assert from 'node:assert/strict';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { inspectImage } from '../../src/engine/images-inspect.ts';
import { loadImages } from '../../src/engine/load.ts';
import { saveImages } from '../../src/engine/save.ts';
import { familiarString } from '../../src/formats/reference.ts';
import { exec } from '../support/daemon.ts';
import { blobsOf, makeImage, type TestImage, writeLayout } from '../support/image.ts';
import { noDockerd, startDockerd } from '../support/reference-daemon.ts';
import { type ImageLab, openLab, recorder } from './lab.ts';

function scratch(): { dir: string; [Symbol.dispose]: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-interop-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

async function loadFile(lab: ImageLab, file: string): Promise<string[]> {
  const { lines, report } = recorder();
  await loadImages(lab.ctx, lab.deps, createReadStream(file), {}, report);
  return lines.filter((line) => line.startsWith('Loaded'));
}

async function saveFile(lab: ImageLab, file: string, ...images: string[]): Promise<void> {
  await saveImages(lab.ctx, lab.deps, { images }, (archive) => pipeline(archive, createWriteStream(file)));
}

async function run(command: string, ...args: string[]): Promise<string> {
  const result = await exec(command, args);
  assert.equal(result.status, 0, `${command} ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

const HOST = process.arch === 'arm64' ? 'arm64' : 'amd64';

function sample(): TestImage {
  return makeImage({
    layers: [{ 'etc/a': 'a', 'dir/': '' }, { 'etc/b': 'b'.repeat(100_000) }],
    config: { Cmd: ['/bin/true'], Labels: { x: 'y' } },
    platform: { os: 'linux', architecture: HOST },
  });
}

test('archives that skopeo makes are loaded, and it reads ours', async () => {
  using place = scratch();
  const image = sample();
  const layout = join(place.dir, 'layout');
  writeLayout(layout, blobsOf(image), image.manifest);
  const docker = join(place.dir, 'docker.tar');
  const oci = join(place.dir, 'oci.tar');
  await run('skopeo', 'copy', `oci:${layout}:latest`, `docker-archive:${docker}:box:1`);
  await run('skopeo', 'copy', `oci:${layout}:latest`, `oci-archive:${oci}:quay.io/me/box:2`);
  await using lab = await openLab();
  assert.deepEqual(await loadFile(lab, docker), ['Loaded image: box:1\n']);
  assert.deepEqual(await loadFile(lab, oci), ['Loaded image: quay.io/me/box:2\n']);
  const details = await inspectImage(lab.ctx, lab.deps, 'box:1');
  assert.deepEqual(details.record.diffIds, image.diffIds);
  const other = await inspectImage(lab.ctx, lab.deps, 'quay.io/me/box:2');
  assert.equal(other.record.id, image.config.digest);

  const ours = join(place.dir, 'ours.tar');
  await saveFile(lab, ours, 'quay.io/me/box:2');
  for (const source of [`docker-archive:${ours}`, `oci-archive:${ours}:2`]) {
    const inspected = JSON.parse(await run('skopeo', 'inspect', source));
    assert.equal(inspected.Labels.x, 'y', source);
    assert.equal(inspected.Layers.length, 2, source);
    const out = join(place.dir, `out-${source.split(':')[0]}`);
    await run('skopeo', 'copy', source, `dir:${out}`);
    assert.ok(readdirSync(out).includes(image.config.digest.slice(7)), `${source}: the config is the same`);
  }
});

test('dockerd loads what we save, and we load what it saves', { skip: noDockerd() ?? false }, async () => {
  using place = scratch();
  await using dockerd = await startDockerd();
  const docker = (...words: string[]): ReturnType<typeof exec> =>
    exec('docker', ['-H', dockerd.host, ...words]);
  await using lab = await openLab();
  const image = sample();
  const layout = join(place.dir, 'layout');
  writeLayout(layout, blobsOf(image), image.manifest);
  const archive = join(place.dir, 'layout.tar');
  await run('tar', '-C', layout, '-cf', archive, '.');
  await loadFile(lab, archive);
  const ours = join(place.dir, 'ours.tar');
  await saveFile(lab, ours, image.config.digest);
  const loaded = await docker('load', '-i', ours);
  assert.equal(loaded.status, 0, loaded.stderr);
  assert.match(loaded.stdout, new RegExp(`Loaded image ID: ${image.config.digest}`));

  const rootfs = join(place.dir, 'rootfs');
  mkdirSync(join(rootfs, 'etc'), { recursive: true });
  writeFileSync(join(rootfs, 'etc/motd'), 'hi');
  const tar = join(place.dir, 'rootfs.tar');
  await run('tar', '-C', rootfs, '-cf', tar, '.');
  const imported = await docker('import', '--change', 'CMD ["/x"]', tar, 'imported:1');
  assert.equal(imported.status, 0, imported.stderr);
  await docker('tag', image.config.digest, 'box:1');
  await docker('tag', 'box:1', 'quay.io/me/box:2');
  const theirs = join(place.dir, 'theirs.tar');
  const saved = await docker('save', '-o', theirs, 'box:1', 'quay.io/me/box:2', 'imported:1');
  assert.equal(saved.status, 0, saved.stderr);
  const lines = await loadFile(lab, theirs);
  assert.deepEqual(lines.sort(), [
    'Loaded image: box:1\n',
    'Loaded image: imported:1\n',
    'Loaded image: quay.io/me/box:2\n',
  ]);
  const details = await inspectImage(lab.ctx, lab.deps, 'imported:1');
  assert.equal(details.record.id, imported.stdout.trim());
  assert.deepEqual(details.config.defaults.cmd, ['/x']);
  const box = await inspectImage(lab.ctx, lab.deps, 'box:1');
  assert.equal(box.record.id, image.config.digest);
  assert.deepEqual(box.tags.map(familiarString), ['box:1', 'quay.io/me/box:2']);

  const all = join(place.dir, 'all.tar');
  await saveFile(lab, all, 'box:1', 'quay.io/me/box:2', 'imported:1');
  await docker('rmi', '-f', 'box:1', 'quay.io/me/box:2', 'imported:1');
  const again = await docker('load', '-i', all);
  assert.equal(again.status, 0, again.stderr);
  const inspect = await docker('inspect', '--format', '{{.Id}} {{.Config.Labels.x}}', 'quay.io/me/box:2');
  assert.equal(inspect.stdout.trim(), `${image.config.digest} y`);
});
