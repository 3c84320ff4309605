/** Pulls from registries that lie or fail: the error names what is wrong, the daemon stays up, nothing is left. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startGantryd, type TestDaemon } from '../support/daemon.ts';
import {
  type HostileRegistry,
  redirectTo,
  refuse,
  reply,
  startHostileRegistry,
} from '../support/hostile-registry.ts';
import { blobOf, descriptorOf, makeImage, type TestImage } from '../support/image.ts';
import { startRegistry } from '../support/registry.ts';

let daemon: TestDaemon;
before(async () => {
  daemon = await startGantryd();
});
after(() => daemon?.[Symbol.asyncDispose]());

interface Row {
  name: string;
  /** Makes the registry, which serves `image` as app:latest, a bad one. */
  spoil: (registry: HostileRegistry, image: TestImage) => void;
  error: RegExp;
}

const MANIFEST = /^(GET|HEAD) \/v2\/app\/manifests\//;
const GET_BLOB = /^GET \/v2\/app\/blobs\//;
const blob = (image: TestImage, layer = 0): RegExp =>
  new RegExp(`^GET /v2/app/blobs/${image.layers[layer]?.digest}`);

/** Serves a manifest changed by `change` in place of the image's. */
function withManifest(registry: HostileRegistry, image: TestImage, change: object): void {
  const manifest = { ...JSON.parse(image.manifest.bytes.toString()), ...change };
  registry.addBlob('app', blobOf(image.manifest.mediaType, manifest), 'latest');
}

/** Serves the image with another blob as its config. */
function withConfig(registry: HostileRegistry, image: TestImage, text: string): void {
  const config = blobOf(image.config.mediaType, text);
  registry.addBlob('app', config);
  withManifest(registry, image, { config: descriptorOf(config) });
}

/** Serves the image with bytes that are no layer as its layer. */
function withLayer(registry: HostileRegistry, image: TestImage, bytes: Buffer): void {
  const layer = blobOf(image.layers[0]?.mediaType ?? '', bytes);
  registry.addBlob('app', layer);
  withManifest(registry, image, { layers: [descriptorOf(layer)] });
}

const rows: Row[] = [
  {
    name: 'no such image',
    spoil: (registry) => registry.on(MANIFEST, refuse(404, 'MANIFEST_UNKNOWN', 'manifest unknown')),
    error: /manifest for \S+app:latest not found|manifest unknown/,
  },
  {
    name: 'a manifest that is not JSON',
    spoil: (registry) =>
      registry.on(
        MANIFEST,
        reply(200, '<html>', { 'Content-Type': 'application/vnd.oci.image.manifest.v1+json' }),
      ),
    error: /manifest/,
  },
  {
    name: 'something else than a registry',
    spoil: (registry) => registry.on(/./, reply(200, '<html>hello</html>', { 'Content-Type': 'text/html' })),
    error: /manifest|media type|text\/html/,
  },
  {
    name: 'a layer of other bytes',
    spoil: (registry, image) =>
      registry.on(blob(image), (_request, _response, honest) =>
        honest({ bytes: (bytes) => Buffer.from(bytes.map((byte) => byte ^ 1)) }),
      ),
    error: /sha256:[0-9a-f]{12}/,
  },
  {
    name: 'a layer that is cut short',
    spoil: (registry, image) =>
      registry.on(blob(image), (_request, _response, honest) =>
        honest({ bytes: (bytes) => bytes.subarray(0, 50) }),
      ),
    error: /sha256:[0-9a-f]{12}/,
  },
  {
    name: 'a layer that is missing',
    spoil: (registry, image) => registry.on(blob(image), refuse(404, 'BLOB_UNKNOWN', 'blob unknown')),
    error: /blob sha256:[0-9a-f]{64} not found/,
  },
  {
    name: 'a layer that is not gzip',
    spoil: (registry, image) => withLayer(registry, image, Buffer.from('garbage '.repeat(500))),
    error: /gzip|header|compress|layer/i,
  },
  {
    name: 'a config that is not JSON',
    spoil: (registry, image) => withConfig(registry, image, 'not json'),
    error: /config/,
  },
  {
    name: 'a config with too few diff IDs',
    spoil: (registry, image) =>
      withConfig(
        registry,
        image,
        JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } }),
      ),
    error: /layers|diff/,
  },
  {
    name: 'a diff ID that is another one',
    spoil: (registry, image) => {
      const config = JSON.parse(image.config.bytes.toString());
      const diff_ids = [`sha256:${'a'.repeat(64)}`];
      withConfig(registry, image, JSON.stringify({ ...config, rootfs: { type: 'layers', diff_ids } }));
    },
    error: /a{64}|diff/,
  },
  {
    name: '401 without end',
    spoil: (registry) =>
      registry.on(
        /^(GET|HEAD) \/v2\//,
        refuse(401, 'UNAUTHORIZED', 'authentication required', {
          'WWW-Authenticate': `Bearer realm="${registry.url}/token",service="test"`,
        }),
      ),
    error: /unauthorized|access|denied|authentication/,
  },
  {
    name: '429 without end',
    spoil: (registry) =>
      registry.on(MANIFEST, refuse(429, 'TOOMANYREQUESTS', 'slow down', { 'Retry-After': '1' })),
    error: /toomanyrequests|too many requests|slow down/i,
  },
  {
    name: 'a redirect to where nobody listens',
    spoil: (registry) => registry.on(GET_BLOB, redirectTo('http://127.0.0.1:1/nowhere')),
    error: /127\.0\.0\.1:1|refused/,
  },
  {
    name: 'redirects in a circle',
    spoil: (registry) =>
      registry.on(GET_BLOB, (request, response, honest) =>
        redirectTo(request.path)(request, response, honest),
      ),
    error: /redirect/,
  },
];

for (const row of rows) {
  test(`pull from a bad registry: ${row.name}`, async () => {
    await using registry = await startHostileRegistry({ token: {} });
    const image = makeImage({ layers: [{ file: randomBytes(20_000).toString('hex') }] });
    registry.add(image, 'app', 'latest');
    row.spoil(registry, image);
    const { status, stderr, stdout } = await daemon.docker('pull', `${registry.domain}/app:latest`);
    assert.notEqual(status, 0, stdout);
    assert.match(stderr, row.error);
    assert.doesNotMatch(stderr, /EOF|Cannot connect|undefined|\[object/);
    assert.equal((await daemon.docker('images', '-aq')).stdout, '');
    assert.deepEqual(
      readdirSync(join(daemon.dataRoot, 'snapshots')).filter((name) => !name.endsWith('.gone')),
      [],
    );
  });
}

/** A file system of its own in a file, unmounted and deleted at the end. */
function smallFileSystem(megabytes: number): Disposable & { readonly path: string } {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-small-'));
  const image = join(dir, 'disk');
  const path = join(dir, 'mnt');
  mkdirSync(path);
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-m', '0', image, `${megabytes}M`]);
  execFileSync('mount', ['-o', 'loop', image, path]);
  return {
    path,
    [Symbol.dispose]: () => {
      execFileSync('umount', [path]);
      rmSync(image);
      rmSync(dir, { recursive: true });
    },
  };
}

test('a full disk during a pull: said so, nothing broken, works once there is space', async () => {
  await using registry = await startRegistry();
  const layers = [1, 2, 3].map((i) => ({ [`file${i}`]: randomBytes(4_000_000).toString('hex') }));
  await registry.push(makeImage({ layers }), 'big:latest');
  using disk = smallFileSystem(96);
  const ballast = join(disk.path, 'ballast');
  await using small = await startGantryd({ dataRoot: join(disk.path, 'data') });
  const { bavail, bsize } = statfsSync(disk.path);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 20_000_000, 1));
  const full = await small.docker('pull', `${registry.domain}/big:latest`);
  assert.notEqual(full.status, 0, full.stdout);
  assert.match(full.stderr, /no space left on device/i);
  assert.equal((await small.docker('images', '-aq')).stdout, '');
  rmSync(ballast);
  const retried = await small.docker('pull', `${registry.domain}/big:latest`);
  assert.equal(retried.status, 0, retried.stderr);
  assert.equal((await small.docker('images', '-q')).stdout.trim().split('\n').length, 1);
});
