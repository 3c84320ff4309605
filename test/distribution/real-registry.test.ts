import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { ContentStore } from '../../src/content/content-store.ts';
import { ANONYMOUS, type Credentials } from '../../src/distribution/credentials.ts';
import { Registries } from '../../src/distribution/registries.ts';
import type { Repository } from '../../src/distribution/repository.ts';
import { parseDigest } from '../../src/formats/digest.ts';
import { parseManifest } from '../../src/formats/manifest.ts';
import { parsePlatform } from '../../src/formats/platform.ts';
import { parseReference } from '../../src/formats/reference.ts';
import { chooseManifest } from '../../src/images/choose.ts';
import { makeImage, makeIndex, type TestImage, tarOfFiles } from '../support/image.ts';
import { PASSWORD, startRegistry, USER } from '../support/registry.ts';

const ctx = backgroundCtx();
const password: Credentials = { kind: 'password', username: USER, password: PASSWORD };

function open(registries: Registries, reference: string, credentials: Credentials = ANONYMOUS): Repository {
  return registries.repository(parseReference(reference), credentials);
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

/** Pulls everything of an image and compares it with what was pushed. */
async function assertPulls(repository: Repository, image: TestImage): Promise<void> {
  const descriptor = await repository.resolve(ctx);
  assert.equal(descriptor.digest, image.manifest.digest);
  const manifest = parseManifest(await repository.manifest(ctx, descriptor), descriptor.mediaType, 'test');
  assert.equal(manifest.kind, 'manifest');
  if (manifest.kind !== 'manifest') return;
  const wanted = [image.config, ...image.layers];
  const found = await Promise.all(
    [manifest.config, ...manifest.layers].map((blob) => bytesOf(repository.blob(ctx, blob, 0))),
  );
  assert.deepEqual(
    found,
    wanted.map(({ bytes }) => bytes),
  );
}

test('a pushed image comes back: by tag, by digest, and from the middle of a blob', async () => {
  await using registry = await startRegistry();
  const image = makeImage({
    layers: [{ a: 'one' }, tarOfFiles({ b: randomBytes(300_000).toString('hex') })],
  });
  await registry.push(image, 'team/app:1');
  const registries = new Registries();
  await assertPulls(open(registries, `${registry.domain}/team/app:1`), image);
  await assertPulls(open(registries, `${registry.domain}/team/app@${image.manifest.digest}`), image);
  await assertPulls(open(registries, `localhost:${registry.domain.split(':')[1]}/team/app:1`), image);
  const layer = image.layers[1];
  assert.ok(layer);
  const blob = { ...layer, digest: parseDigest(layer.digest) };
  const tail = await bytesOf(open(registries, `${registry.domain}/team/app`).blob(ctx, blob, 100_000));
  assert.deepEqual(tail, layer.bytes.subarray(100_000));
  assert.deepEqual(await open(registries, `${registry.domain}/team/app`).tags(ctx), ['1']);
  registries.close();
});

test('a download into the content store is whole, verified and there for the next pull', async () => {
  await using registry = await startRegistry();
  const root = mkdtempSync(join(tmpdir(), 'gantry-pull-'));
  try {
    const image = makeImage({ layers: [tarOfFiles({ b: randomBytes(500_000).toString('hex') })] });
    await registry.push(image, 'app:1');
    const store = await ContentStore.open(root);
    const registries = new Registries();
    const repository = open(registries, `${registry.domain}/app:1`);
    const descriptor = await repository.resolve(ctx);
    const manifest = parseManifest(await repository.manifest(ctx, descriptor), undefined, 'test');
    assert.ok(manifest.kind === 'manifest' && manifest.layers[0]);
    const [layer] = manifest.layers;
    const download = await store.download(ctx, layer, (at, offset) => repository.blob(at, layer, offset));
    await download.commit(ctx);
    assert.deepEqual(await store.readBytes(ctx, layer, 1 << 20), image.layers[0]?.bytes);
    registries.close();
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('an index leads to the image of the platform wanted', async () => {
  await using registry = await startRegistry();
  const platforms = ['linux/amd64', 'linux/arm64/v8', 'linux/arm/v6'].map((text) => parsePlatform(text));
  const entries = platforms.map((platform) => ({ platform, image: makeImage({ platform }) }));
  const index = makeIndex(entries);
  await registry.pushIndex(
    index,
    entries.map(({ image }) => image),
    'multi:1',
  );
  const registries = new Registries();
  const repository = open(registries, `${registry.domain}/multi:1`);
  const descriptor = await repository.resolve(ctx);
  assert.equal(descriptor.digest, index.digest);
  const parsed = parseManifest(await repository.manifest(ctx, descriptor), descriptor.mediaType, 'test');
  assert.ok(parsed.kind === 'index');
  const chosen = chooseManifest(parsed, parsePlatform('linux/arm/v7'));
  assert.equal(chosen.digest, entries[2]?.image.manifest.digest);
  assert.equal((await repository.manifest(ctx, chosen)).byteLength, chosen.size);
  registries.close();
});

test('basic authentication: right, wrong and none', async () => {
  await using registry = await startRegistry({ auth: true });
  const image = makeImage();
  await registry.push(image, 'private:1');
  const registries = new Registries();
  const name = `${registry.domain}/private:1`;
  await assertPulls(open(registries, name, password), image);
  await assert.rejects(open(registries, name).resolve(ctx), {
    kind: 'unauthorized',
    message: `Get "http://${registry.domain}/v2/private/manifests/1": no basic auth credentials`,
  });
  const wrong: Credentials = { kind: 'password', username: USER, password: 'wrong' };
  await assert.rejects(open(registries, name, wrong).resolve(ctx), {
    kind: 'unauthorized',
    message: 'unauthorized: authentication required',
  });
  assert.deepEqual(await registries.login(ctx, registry.domain, password), {});
  await assert.rejects(registries.login(ctx, registry.domain, wrong), {
    kind: 'unauthorized',
    message: `login attempt to http://${registry.domain}/v2/ failed with status: 401 Unauthorized`,
  });
  registries.close();
});

test('TLS: verified by certs.d, refused without it, not asked for of an insecure registry', async () => {
  await using registry = await startRegistry({ tls: true });
  const image = makeImage();
  await registry.push(image, 'safe:1');
  const certs = mkdtempSync(join(tmpdir(), 'gantry-certs-'));
  try {
    // Loopback is insecure by default, so that its certificate does not matter.
    const loopback = new Registries({ certDirs: [] });
    await assertPulls(open(loopback, `${registry.domain}/safe:1`), image);
    // An address that is not loopback by name, but leads to the same server.
    const domain = `0.0.0.0:${registry.domain.split(':')[1]}`;
    mkdirSync(join(certs, domain));
    copyFileSync(registry.caFile, join(certs, domain, 'ca.crt'));
    const trusting = new Registries({ certDirs: [join(certs, 'none'), certs] });
    await assertPulls(open(trusting, `${domain}/safe:1`), image);
    const strict = new Registries({ certDirs: [] });
    await assert.rejects(open(strict, `${domain}/safe:1`).resolve(ctx), {
      kind: 'unavailable',
      message:
        /^Head "https:\/\/0\.0\.0\.0:\d+\/v2\/safe\/manifests\/1": tls: failed to verify certificate: x509: certificate signed by unknown authority$/,
    });
    const insecure = new Registries({ certDirs: [], insecure: ['0.0.0.0/8'] });
    await assertPulls(open(insecure, `${domain}/safe:1`), image);
    for (const each of [loopback, trusting, strict, insecure]) each.close();
  } finally {
    rmSync(certs, { recursive: true, force: true });
  }
});

test('a registry that speaks plain HTTP is told apart unless it is insecure', async () => {
  await using registry = await startRegistry();
  await registry.push(makeImage(), 'plain:1');
  const name = `0.0.0.0:${registry.domain.split(':')[1]}/plain:1`;
  const strict = new Registries();
  await assert.rejects(open(strict, name).resolve(ctx), {
    message: /^Head "https:.*": http: server gave HTTP response to HTTPS client$/,
  });
  const insecure = new Registries({ insecure: [name.split('/')[0] ?? ''] });
  assert.ok((await open(insecure, name).resolve(ctx)).size > 0);
  strict.close();
  insecure.close();
});

test('what is not there is said in the words Docker has for it', async () => {
  await using registry = await startRegistry();
  await registry.push(makeImage(), 'app:1');
  const registries = new Registries();
  await assert.rejects(open(registries, `${registry.domain}/app:2`).resolve(ctx), {
    kind: 'not-found',
    message: `manifest for ${registry.domain}/app:2 not found: manifest unknown: manifest unknown`,
  });
  await assert.rejects(open(registries, `${registry.domain}/nothing`).tags(ctx), {
    kind: 'not-found',
    message: `repository ${registry.domain}/nothing not found: name unknown: repository name not known to registry`,
  });
  registries.close();
});

test('a pull-through mirror serves docker.io, and a broken mirror is passed over', async () => {
  await using origin = await startRegistry();
  const image = makeImage();
  await origin.push(image, 'library/busybox:1');
  await using mirror = await startRegistry({ proxyOf: origin.url });
  const registries = new Registries({ mirrors: ['http://127.0.0.1:1', mirror.url] });
  await assertPulls(open(registries, 'busybox:1'), image);
  registries.close();
});
