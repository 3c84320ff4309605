import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { Registries } from '../../src/distribution/registries.ts';
import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from '../../src/distribution/registry-config.ts';
import type { Repository } from '../../src/distribution/repository.ts';
import type { Descriptor } from '../../src/formats/descriptor.ts';
import { parseDigest } from '../../src/formats/digest.ts';
import { parseReference } from '../../src/formats/reference.ts';
import {
  cutAfter,
  type HostileRegistry,
  redirectTo,
  refuse,
  reply,
  startHostileRegistry,
} from '../support/hostile-registry.ts';
import { blobOf, type TestBlob } from '../support/image.ts';

const ctx = backgroundCtx();
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const GET_BLOB = /^GET .*\/blobs\//;

/** Impatient, so that tests are quick. */
function impatient(config: Partial<RegistryConfig> = {}): Registries {
  const timeouts = { connect: 2000, headers: 1000, stall: 300, backoff: 5 };
  return new Registries({ ...DEFAULT_REGISTRY_CONFIG, timeouts, ...config });
}

interface Fixture extends AsyncDisposable {
  readonly server: HostileRegistry;
  readonly registries: Registries;
  readonly repository: Repository;
  readonly blob: TestBlob;
  readonly descriptor: Descriptor;
}

async function withBlob(size: number, config: Partial<RegistryConfig> = {}): Promise<Fixture> {
  const server = await startHostileRegistry();
  const blob = blobOf(LAYER, randomBytes(size));
  server.addBlob('app', blob);
  const registries = impatient(config);
  const repository = registries.repository(parseReference(`${server.domain}/app`), ANONYMOUS);
  const descriptor = { ...blob, digest: parseDigest(blob.digest) };
  const dispose = async (): Promise<void> => {
    registries.close();
    await server[Symbol.asyncDispose]();
  };
  return { server, registries, repository, blob, descriptor, [Symbol.asyncDispose]: dispose };
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

test('resets at random places: the blob is whole and no byte is sent twice', async () => {
  await using it = await withBlob(3_000_000);
  it.server.on(GET_BLOB, (_request, _response, honest) =>
    honest({ cutAt: 20_000 + Math.floor(Math.random() * 400_000) }),
  );
  const bytes = await bytesOf(it.repository.blob(ctx, it.descriptor, 0));
  assert.deepEqual(bytes, it.blob.bytes);
  const requests = it.server.asked(GET_BLOB);
  assert.ok(requests.length > 3, `${requests.length} requests`);
  // What a reset overtakes in the sockets is lost on the way and has to be sent again; what arrived is not.
  const refetched = it.server.served(GET_BLOB) - 3_000_000;
  assert.ok(refetched <= 0 || refetched < 3_000_000 * 0.05, `${refetched} bytes were sent twice`);
  for (const request of requests.slice(1)) assert.match(request.headers.range ?? '', /^bytes=\d+-$/);
});

test('connections closed in good order lose nothing at all', async () => {
  await using it = await withBlob(1_000_000);
  it.server.on(GET_BLOB, cutAfter(70_000, 'end'));
  const bytes = await bytesOf(it.repository.blob(ctx, it.descriptor, 0));
  assert.deepEqual(bytes, it.blob.bytes);
  assert.equal(it.server.served(GET_BLOB), 1_000_000);
});

test('a download asked for from an offset fetches only the rest', async () => {
  await using it = await withBlob(100_000);
  const bytes = await bytesOf(it.repository.blob(ctx, it.descriptor, 99_000));
  assert.deepEqual(bytes, it.blob.bytes.subarray(99_000));
  assert.equal(it.server.served(GET_BLOB), 1000);
});

test('a server that ignores the range is read up to where we were', async () => {
  await using it = await withBlob(200_000);
  it.server.on(GET_BLOB, (_request, _response, honest) => honest({ ignoreRange: true }));
  it.server.on(GET_BLOB, cutAfter(50_000, 'end'), 1);
  assert.deepEqual(await bytesOf(it.repository.blob(ctx, it.descriptor, 0)), it.blob.bytes);
});

test('a stalled transfer is left and goes on elsewhere in the blob', async () => {
  await using it = await withBlob(200_000);
  it.server.on(GET_BLOB, cutAfter(50_000, 'stall'), 1);
  const retries: string[] = [];
  const source = it.repository.blob(ctx, it.descriptor, 0, ({ error }) => retries.push(error.message));
  assert.deepEqual(await bytesOf(source), it.blob.bytes);
  assert.equal(it.server.served(GET_BLOB), 200_000);
  assert.match(retries.join(), /: no data for \d+ s$/);
});

test('a server that drips single bytes is given up, not waited for', async () => {
  await using it = await withBlob(200_000, { maxDownloadAttempts: 2 });
  it.server.on(GET_BLOB, async (_request, response) => {
    response.writeHead(200, { 'Content-Length': 200_000 });
    while (!response.destroyed) {
      response.write('x');
      await sleep(20);
    }
  });
  await assert.rejects(bytesOf(it.repository.blob(ctx, it.descriptor, 0)), { kind: 'unavailable' });
});

test('headers that never come are given up', async () => {
  await using it = await withBlob(1000, { maxDownloadAttempts: 1 });
  it.server.on(GET_BLOB, () => {});
  await assert.rejects(bytesOf(it.repository.blob(ctx, it.descriptor, 0)), {
    message: /net\/http: timeout awaiting response headers/,
  });
});

for (const { name, status, headers } of [
  { name: 'server errors', status: 503, headers: {} },
  { name: 'too many requests', status: 429, headers: { 'Retry-After': '0' } },
  { name: 'too many requests without a word', status: 429, headers: {} },
]) {
  test(`${name} pass after a while`, async () => {
    await using it = await withBlob(1000);
    it.server.on(GET_BLOB, refuse(status, 'TOOMANYREQUESTS', 'slow down', headers), 3);
    const waits: number[] = [];
    const source = it.repository.blob(ctx, it.descriptor, 0, ({ waitMs }) => waits.push(waitMs));
    assert.deepEqual(await bytesOf(source), it.blob.bytes);
    assert.deepEqual(waits, [5, 10, 20]);
  });
}

test('Retry-After is obeyed', async () => {
  await using it = await withBlob(1000);
  it.server.on(GET_BLOB, refuse(429, 'TOOMANYREQUESTS', 'slow down', { 'Retry-After': '1' }), 1);
  const started = Date.now();
  await bytesOf(it.repository.blob(ctx, it.descriptor, 0));
  assert.ok(Date.now() - started >= 1000);
});

test('trouble without end is given up after the attempts configured', async () => {
  await using it = await withBlob(1000, { maxDownloadAttempts: 4 });
  it.server.on(GET_BLOB, refuse(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.'));
  await assert.rejects(bytesOf(it.repository.blob(ctx, it.descriptor, 0)), {
    kind: 'unavailable',
    message: 'toomanyrequests: You have reached your pull rate limit.',
  });
  assert.equal(it.server.asked(GET_BLOB).length, 4);
});

const NONSENSE = [
  {
    name: 'a page instead of the blob',
    answer: reply(200, '<html>please log in</html>'),
    want: /are offered/,
  },
  {
    name: 'a blob that is not there',
    answer: refuse(404, 'BLOB_UNKNOWN', 'blob unknown to registry'),
    want: /^blob sha256:[0-9a-f]{64} not found: blob unknown/,
  },
  { name: 'a redirect to nowhere', answer: redirectTo('http://127.0.0.1:1/x'), want: /connection refused/ },
  { name: 'a redirect to itself', answer: redirectTo('?'), want: /redirect loop/ },
  { name: 'a redirect to a file', answer: redirectTo('file:///etc/shadow'), want: /redirect to a file: URL/ },
  { name: 'a redirect to no URL', answer: redirectTo('http://['), want: /redirect to what is no URL/ },
  {
    name: 'a body in another encoding',
    answer: reply(200, Buffer.alloc(5000), { 'Content-Encoding': 'gzip' }),
    want: /content encoding "gzip"/,
  },
  {
    name: 'another part than asked for',
    answer: reply(206, Buffer.alloc(5000), { 'Content-Range': 'bytes 7-5006/5007' }),
    want: /they come from 7/,
  },
];
for (const { name, answer, want } of NONSENSE) {
  test(`${name} ends the download with a reason`, async () => {
    await using it = await withBlob(5000, { maxDownloadAttempts: 2 });
    it.server.on(GET_BLOB, answer);
    await assert.rejects(bytesOf(it.repository.blob(ctx, it.descriptor, 0)), { message: want });
  });
}

test('redirects without end are not followed without end', async () => {
  await using it = await withBlob(5000, { maxDownloadAttempts: 1 });
  let hops = 0;
  it.server.on(/^GET \/(v2\/app|hop)/, (request, response) => {
    response.writeHead(302, { Location: `/hop/${++hops}` });
    response.end();
    assert.ok(request);
  });
  await assert.rejects(bytesOf(it.repository.blob(ctx, it.descriptor, 0)), /stopped after 10 redirects/);
  assert.equal(hops, 11);
});

test('more bytes than the descriptor has are refused', async () => {
  await using it = await withBlob(5000);
  it.server.on(GET_BLOB, (_request, response) => {
    response.writeHead(200);
    response.end(Buffer.alloc(6000));
  });
  await assert.rejects(bytesOf(it.repository.blob(ctx, it.descriptor, 0)), {
    kind: 'data-loss',
    message: /more than the 5000 bytes/,
  });
});

test('a mirror that fails in the middle is taken over by the next one at the same byte', async () => {
  await using mirror = await startHostileRegistry();
  await using origin = await startHostileRegistry();
  const blob = blobOf(LAYER, randomBytes(300_000));
  for (const server of [mirror, origin]) server.addBlob('team/app', blob);
  mirror.addBlob('cache/team/app', blob);
  mirror.on(GET_BLOB, cutAfter(120_000, 'end'), 1);
  mirror.on(GET_BLOB, refuse(500, 'UNKNOWN', 'disk full'));
  mirror.on(GET_BLOB, cutAfter(120_000, 'end'), 1);
  const registries = impatient({ mirrors: [`${origin.domain}=${mirror.url}/cache/`] });
  const repository = registries.repository(parseReference(`${origin.domain}/team/app`), ANONYMOUS);
  const source = repository.blob(ctx, { ...blob, digest: parseDigest(blob.digest) }, 0);
  assert.deepEqual(await bytesOf(source), blob.bytes);
  assert.equal(mirror.served(/blobs/) + origin.served(/blobs/) <= 300_100, true);
  assert.match(mirror.asked(GET_BLOB)[0]?.path ?? '', /^\/v2\/cache\/team\/app\/blobs\//);
  registries.close();
});

test('a mirror that served wrong bytes is asked last the next time', async () => {
  await using mirror = await startHostileRegistry();
  await using origin = await startHostileRegistry();
  const blob = blobOf(LAYER, randomBytes(3000));
  for (const server of [mirror, origin]) server.addBlob('app', blob);
  mirror.on(GET_BLOB, (_request, _response, honest) => honest({ bytes: () => randomBytes(3000) }));
  const registries = impatient({ mirrors: [`${origin.domain}=${mirror.url}`] });
  const repository = registries.repository(parseReference(`${origin.domain}/app`), ANONYMOUS);
  const descriptor = { ...blob, digest: parseDigest(blob.digest) };
  assert.notDeepEqual(await bytesOf(repository.blob(ctx, descriptor, 0)), blob.bytes);
  repository.distrust(descriptor.digest);
  assert.deepEqual(await bytesOf(repository.blob(ctx, descriptor, 0)), blob.bytes);
  registries.close();
});

test('no more blobs are read at once than configured', async () => {
  await using it = await withBlob(200_000, { maxConcurrentDownloads: 2 });
  let [now, most] = [0, 0];
  it.server.on(GET_BLOB, async (_request, _response, honest) => {
    most = Math.max(most, ++now);
    await sleep(20);
    await honest();
    now--;
  });
  await Promise.all(Array.from({ length: 6 }, () => bytesOf(it.repository.blob(ctx, it.descriptor, 0))));
  assert.equal(most, 2);
});

test('a reader who leaves early gives back place and connection', async () => {
  await using it = await withBlob(500_000, { maxConcurrentDownloads: 1 });
  for await (const chunk of it.repository.blob(ctx, it.descriptor, 0)) {
    assert.ok(chunk.byteLength > 0);
    break;
  }
  assert.deepEqual(await bytesOf(it.repository.blob(ctx, it.descriptor, 0)), it.blob.bytes);
});

test('cancelling ends a transfer at once, in whatever state', async () => {
  await using it = await withBlob(200_000);
  it.server.on(GET_BLOB, cutAfter(50_000, 'stall'));
  const controller = new AbortController();
  const source = it.repository.blob({ ...ctx, signal: controller.signal }, it.descriptor, 0);
  await source.next();
  const rest = bytesOf(source);
  setTimeout(() => controller.abort(), 20);
  const started = Date.now();
  await assert.rejects(rest, { kind: 'cancelled' });
  assert.ok(Date.now() - started < 250);
});

test('layers that their registry does not keep are refused clearly, and their URLs are never fetched', async () => {
  await using it = await withBlob(1000);
  const descriptor = {
    ...it.descriptor,
    digest: parseDigest(`sha256:${'a'.repeat(64)}`),
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    urls: [`${it.server.url}/elsewhere`],
  };
  await assert.rejects(bytesOf(it.repository.blob(ctx, descriptor, 0)), { kind: 'not-implemented' });
  assert.equal(it.server.asked(/elsewhere/).length, 0);
});
