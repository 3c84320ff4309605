import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { type Digest, digestOf, parseDigest, splitDigest } from '../formats/digest.ts';
import type { BlobSource } from './content.ts';
import { ContentStore } from './content-store.ts';

const ctx = backgroundCtx();

async function openStore(t: TestContext): Promise<{ store: ContentStore; root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'gantry-content-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  return { store: await ContentStore.open(root), root };
}

function blobOf(bytes: Uint8Array): { digest: Digest; size: number } {
  return { digest: digestOf(bytes), size: bytes.byteLength };
}

function ingestPath(root: string, digest: Digest): string {
  return join(root, 'ingest', splitDigest(digest)[1]);
}

/** Serves `bytes` in pieces, recording the offsets asked for; stops with an error at `failAt`. */
function sourceOf(
  bytes: Uint8Array,
  options: { offsets?: number[]; failAt?: number; delayMs?: number } = {},
): BlobSource {
  return async function* (sourceCtx, offset) {
    options.offsets?.push(offset);
    for (let at = offset; at < bytes.byteLength; at += 1000) {
      if (options.failAt !== undefined && at >= options.failAt) throw new Error('connection lost');
      if (options.delayMs) await sleep(options.delayMs, undefined, { signal: sourceCtx.signal });
      yield bytes.subarray(at, at + 1000);
    }
  };
}

function cancellable(): { ctx: Ctx; cancel: () => void } {
  const controller = new AbortController();
  return { ctx: { ...ctx, signal: controller.signal }, cancel: () => controller.abort() };
}

test('a download becomes a blob only by commit, and the ingest file goes', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(5500);
  const blob = blobOf(bytes);
  const download = await store.download(ctx, blob, sourceOf(bytes));
  await download.whole;
  assert.equal(download.received, 5500);
  assert.equal(await store.info(ctx, blob.digest), undefined);
  assert.equal((await download.commit(ctx)).size, 5500);
  assert.deepEqual(await readFile(store.pathOf(blob.digest)), bytes);
  await sleep(10);
  assert.deepEqual(await readdir(join(root, 'ingest')), []);
});

test('a failed download goes on from where it was, also in another process', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(9000);
  const blob = blobOf(bytes);
  const first = await store.download(ctx, blob, sourceOf(bytes, { failAt: 4000 }));
  await assert.rejects(first.whole, /connection lost/);
  const offsets: number[] = [];
  const restarted = await ContentStore.open(root);
  const second = await restarted.download(ctx, blob, sourceOf(bytes, { offsets }));
  await second.commit(ctx);
  assert.deepEqual(offsets, [4000]);
  assert.equal(second.resumedFrom, 4000);
});

test('a partial file longer than the blob is cut to its size', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(3000);
  const blob = blobOf(bytes);
  await writeFile(ingestPath(root, blob.digest), Buffer.concat([bytes, Buffer.from('more')]));
  const download = await store.download(ctx, blob, () => assert.fail('no byte is missing'));
  await download.commit(ctx);
  assert.equal((await stat(store.pathOf(blob.digest))).size, 3000);
});

test('wrong bytes are thrown away, and the next download starts from nothing', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(3000);
  const blob = blobOf(bytes);
  await writeFile(ingestPath(root, blob.digest), randomBytes(2000));
  const download = await store.download(ctx, blob, sourceOf(bytes));
  await assert.rejects(download.commit(ctx), { kind: 'data-loss' });
  assert.ok(!existsSync(ingestPath(root, blob.digest)));
  const offsets: number[] = [];
  await (await store.download(ctx, blob, sourceOf(bytes, { offsets }))).commit(ctx);
  assert.deepEqual(offsets, [0]);
});

test('a digest proven by a worker is believed, a proven wrong one is not', async (t) => {
  const { store } = await openStore(t);
  const bytes = randomBytes(100);
  const blob = blobOf(bytes);
  const bad = await store.download(ctx, blob, sourceOf(bytes));
  await assert.rejects(bad.commit(ctx, digestOf('other')), { kind: 'data-loss' });
  const good = await store.download(ctx, blob, sourceOf(bytes));
  assert.equal((await good.commit(ctx, blob.digest)).digest, blob.digest);
});

test('a source that gives too much or too little ends the download', async (t) => {
  const { store } = await openStore(t);
  const bytes = randomBytes(3000);
  const long = await store.download(ctx, { ...blobOf(bytes), size: 2500 }, sourceOf(bytes));
  await assert.rejects(long.whole, /more than its 2500 bytes came/);
  const short = await store.download(ctx, { ...blobOf(bytes), size: 4000 }, sourceOf(bytes));
  await assert.rejects(short.whole, /ended after 3000 of 4000 bytes/);
});

test('two who want one blob share one transfer, and both see it grow and commit', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(20_000);
  const blob = blobOf(bytes);
  const offsets: number[] = [];
  const source = sourceOf(bytes, { offsets, delayMs: 1 });
  const downloads = await Promise.all([store.download(ctx, blob, source), store.download(ctx, blob, source)]);
  const seen = downloads.map((download) => {
    const sizes: number[] = [];
    download.onGrowth((size) => sizes.push(size));
    return sizes;
  });
  const [first, second] = downloads;
  await first.commit(ctx);
  // The second may open its path only now.
  assert.deepEqual(await readFile(second.path), bytes);
  await second.commit(ctx);
  assert.deepEqual(offsets, [0]);
  assert.equal(seen[0]?.at(-1), 20_000);
  assert.equal(seen[1]?.at(-1), 20_000);
  await sleep(10);
  assert.deepEqual(await readdir(join(root, 'ingest')), []);
});

test('a transfer survives one of its two callers and ends with the last', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(200_000);
  const blob = blobOf(bytes);
  const [a, b] = [cancellable(), cancellable()];
  const source = sourceOf(bytes, { delayMs: 1 });
  const first = await store.download(a.ctx, blob, source);
  const second = await store.download(b.ctx, blob, source);
  a.cancel();
  await assert.rejects(first.whole, { kind: 'cancelled' });
  const before = second.received;
  await sleep(20);
  assert.ok(second.received > before);
  b.cancel();
  await assert.rejects(second.whole, { kind: 'cancelled' });
  const offsets: number[] = [];
  const third = await store.download(ctx, blob, sourceOf(bytes, { offsets }));
  await third.commit(ctx);
  assert.ok((offsets[0] ?? 0) > before, 'the bytes of the cancelled transfer are kept');
  await sleep(10);
  assert.deepEqual(await readdir(join(root, 'ingest')), []);
});

test('what is here already is whole at once; a descriptor that lies about its size is refused', async (t) => {
  const { store } = await openStore(t);
  const info = await store.put(ctx, 'hello');
  const download = await store.download(ctx, info, () => assert.fail('nothing to fetch'));
  assert.equal(download.resumedFrom, 5);
  await assert.rejects(
    store.download(ctx, { digest: info.digest, size: 6 }, () => assert.fail()),
    { kind: 'data-loss' },
  );
});

test('reads are bounded and verified', async (t) => {
  const { store } = await openStore(t);
  const info = await store.put(ctx, '{"a":1}');
  assert.equal(Buffer.from(await store.readBytes(ctx, info, 100)).toString(), '{"a":1}');
  await assert.rejects(store.readBytes(ctx, info, 3), { kind: 'invalid' });
  await assert.rejects(store.readBytes(ctx, { digest: digestOf('absent'), size: 6 }, 100), {
    kind: 'not-found',
  });
  await writeFile(store.pathOf(info.digest), '{"a":2}');
  await assert.rejects(store.readBytes(ctx, info, 100), { kind: 'data-loss' });
});

test('writing a stream names it by its digest, and checks what was expected', async (t) => {
  const { store, root } = await openStore(t);
  const bytes = randomBytes(4000);
  const blob = blobOf(bytes);
  const stream = (): AsyncIterable<Uint8Array> => sourceOf(bytes)(ctx, 0);
  assert.equal((await store.write(ctx, stream())).digest, blob.digest);
  assert.equal((await store.write(ctx, stream(), blob)).size, 4000);
  await assert.rejects(store.write(ctx, stream(), { ...blob, size: 3999 }), { kind: 'data-loss' });
  await assert.rejects(store.write(ctx, stream(), { ...blob, digest: digestOf('x') }), { kind: 'data-loss' });
  assert.deepEqual(await readdir(join(root, 'ingest')), []);
});

test('sha512 blobs are verified with sha512', async (t) => {
  const { store } = await openStore(t);
  const hex =
    '9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043';
  const blob = { digest: parseDigest(`sha512:${hex}`), size: 5 };
  const download = await store.download(ctx, blob, sourceOf(Buffer.from('hello')));
  await download.commit(ctx);
  assert.equal(Buffer.from(await store.readBytes(ctx, blob, 10)).toString(), 'hello');
});

test('walking, deleting and expiring', async (t) => {
  const { store, root } = await openStore(t);
  const a = await store.put(ctx, 'a');
  const b = await store.put(ctx, 'b');
  const found: Digest[] = [];
  for await (const info of store.walk(ctx)) found.push(info.digest);
  assert.deepEqual(found.sort(), [a.digest, b.digest].sort());
  assert.equal(await store.delete(ctx, a.digest), true);
  assert.equal(await store.delete(ctx, a.digest), false);
  const old = ingestPath(root, digestOf('old'));
  const young = ingestPath(root, digestOf('young'));
  await writeFile(old, 'xxx');
  await writeFile(young, 'yy');
  await utimes(old, new Date(0), new Date(0));
  assert.equal(await store.expireIngests(ctx, 60_000), 3);
  assert.deepEqual(
    (await store.ingests(ctx)).map((ingest) => ingest.path),
    [young],
  );
});

test('opening sweeps what a killed daemon left, and the directory is an image layout', async (t) => {
  const { store, root } = await openStore(t);
  const info = await store.put(ctx, 'kept');
  await writeFile(ingestPath(root, info.digest), 'kept');
  await writeFile(join(root, 'ingest', 'new-7'), 'half');
  await writeFile(ingestPath(root, digestOf('partial')), 'par');
  await ContentStore.open(root);
  assert.deepEqual(await readdir(join(root, 'ingest')), [splitDigest(digestOf('partial'))[1]]);
  assert.deepEqual(JSON.parse(await readFile(join(root, 'oci-layout'), 'utf8')), {
    imageLayoutVersion: '1.0.0',
  });
});
