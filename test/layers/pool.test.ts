import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Ctx } from '../../src/base/ctx.ts';
import { asDiffId, digestOf } from '../../src/formats/digest.ts';
import type { GrowingFile, UnpackJob } from '../../src/layers/unpack-job.ts';
import { UnpackPool } from '../../src/layers/unpack-pool.ts';
import { ctx, listTree, type Member, scratch, tarOf } from './lab.ts';

const members: Member[] = [
  { name: './' },
  { name: 'd/' },
  ...Array.from({ length: 200 }, (_, i) => ({ name: `d/file-${i}`, body: `content ${i}\n`.repeat(i) })),
];
const tar = tarOf(members);
const blob = gzipSync(tar);

function openPool(t: TestContext, size = 2): UnpackPool {
  const pool = new UnpackPool({ size, idleMs: 50 });
  t.after(() => pool.close());
  return pool;
}

/** A file that is being downloaded: grows by what `grow` gives. */
class Growing implements GrowingFile {
  readonly path: string;
  readonly size: number;
  received = 0;
  readonly whole: Promise<void>;
  fail: (error: Error) => void = () => {};
  #arrived: () => void = () => {};
  readonly #listeners = new Set<(received: number) => void>();

  constructor(path: string, size: number) {
    this.path = path;
    this.size = size;
    writeFileSync(path, '');
    this.whole = new Promise((resolve, reject) => {
      this.#arrived = resolve;
      this.fail = reject;
    });
    this.whole.catch(() => {});
  }

  onGrowth(listener: (received: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  grow(bytes: Buffer): void {
    appendFileSync(this.path, bytes);
    this.received += bytes.length;
    for (const listener of this.#listeners) listener(this.received);
    if (this.received === this.size) this.#arrived();
  }
}

function cancellable(): { ctx: Ctx; cancel: () => void } {
  const controller = new AbortController();
  return { ctx: { ...ctx, signal: controller.signal }, cancel: () => controller.abort(new Error('enough')) };
}

test('a file that grows is unpacked while it comes', async (t) => {
  const dir = scratch(t);
  const file = new Growing(join(dir, 'blob'), blob.length);
  const target = join(dir, '1.tmp');
  const progress: number[] = [];
  const job: UnpackJob = {
    source: { kind: 'growing', blob: file },
    compressedDigest: digestOf(blob),
    diffId: asDiffId(digestOf(tar)),
    target,
    whiteouts: 'overlay',
    onProgress: (bytes) => progress.push(bytes),
  };
  const running = openPool(t).run(ctx, job);
  for (let at = 0; at < blob.length; at += 1500) {
    file.grow(blob.subarray(at, at + 1500));
    // Nothing more comes before this piece has been worked off.
    while ((progress.at(-1) ?? 0) < file.received) await sleep(2);
  }
  const result = await running;
  assert.deepEqual(result, {
    compressedDigest: digestOf(blob),
    diffId: digestOf(tar),
    compressedSize: blob.length,
    tarSize: tar.length,
    contentSize: members.reduce((sum, { body = '' }) => sum + body.length, 0),
    entries: members.length,
    xattrsLeftOut: [],
    deferred: [],
  });
  assert.equal(listTree(target).length, members.length);
  assert.equal(progress.at(-1), blob.length);
  assert.equal(file.listeners, 0);
});

test('whole files and streams, many at a time, each in its own directory', async (t) => {
  const dir = scratch(t);
  const path = join(dir, 'blob');
  writeFileSync(path, blob);
  const pool = openPool(t, 3);
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < tar.length; at += 10_000) yield tar.subarray(at, at + 10_000);
  };
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      pool.run(ctx, {
        source: i % 2 === 0 ? { kind: 'file', path } : { kind: 'stream', stream: stream() },
        target: join(dir, `${i}.tmp`),
        whiteouts: 'overlay',
      }),
    ),
  );
  assert.equal(new Set(results.map(({ diffId }) => diffId)).size, 1);
  const [first = [], ...others] = results.map((_, i) => listTree(join(dir, `${i}.tmp`)));
  for (const other of others) assert.deepEqual(other, first);
});

const wrong = digestOf('something else');
const failures: {
  name: string;
  bytes: Buffer;
  extra?: Partial<UnpackJob>;
  want: { kind: string; message: RegExp };
}[] = [
  {
    name: 'another digest',
    bytes: blob,
    extra: { compressedDigest: wrong },
    want: { kind: 'data-loss', message: /^the layer has digest sha256:\w+, expected sha256:/ },
  },
  {
    name: 'another diff ID',
    bytes: blob,
    extra: { compressedDigest: digestOf(blob), diffId: asDiffId(wrong) },
    want: { kind: 'data-loss', message: /^the uncompressed layer has digest/ },
  },
  {
    name: 'damaged on the way: the digest is the fault, not what became of it',
    bytes: Buffer.concat([blob.subarray(0, 3000), Buffer.alloc(200, 1), blob.subarray(3200)]),
    extra: { compressedDigest: digestOf(blob) },
    want: { kind: 'data-loss', message: /^the layer has digest/ },
  },
  {
    name: 'damaged at its origin',
    bytes: blob.subarray(0, 3000),
    extra: { compressedDigest: digestOf(blob.subarray(0, 3000)) },
    want: { kind: 'invalid', message: /^damaged gzip data: unexpected end of file$/ },
  },
  {
    name: 'hostile',
    bytes: tarOf([{ name: 'a' }, { name: '../b' }]),
    want: { kind: 'invalid', message: /^layer entry "\.\.\/b": "\.\." in a name/ },
  },
  {
    name: 'no tar',
    bytes: Buffer.from('hello '.repeat(200)),
    want: { kind: 'invalid', message: /^tar archive at byte 0/ },
  },
];

test('what fails leaves nothing and says why', async (t) => {
  const dir = scratch(t);
  const pool = openPool(t);
  for (const { name, bytes, extra, want } of failures) {
    const path = join(dir, 'blob');
    writeFileSync(path, bytes);
    const target = join(dir, '1.tmp');
    const job: UnpackJob = { source: { kind: 'file', path }, target, whiteouts: 'overlay', ...extra };
    await assert.rejects(pool.run(ctx, job), want, name);
    assert.ok(!existsSync(target), name);
  }
  await assert.rejects(
    pool.run(ctx, {
      source: { kind: 'file', path: join(dir, 'absent') },
      target: join(dir, 'x'),
      whiteouts: 'overlay',
    }),
    /ENOENT/,
  );
  assert.deepEqual(readdirSync(dir), ['blob']);
});

test('a cancelled job stops waiting, and its worker takes the next', async (t) => {
  const dir = scratch(t);
  const pool = openPool(t, 1);
  const file = new Growing(join(dir, 'blob'), blob.length);
  const { ctx: own, cancel } = cancellable();
  const target = join(dir, '1.tmp');
  const job: UnpackJob = { source: { kind: 'growing', blob: file }, target, whiteouts: 'overlay' };
  const running = pool.run(own, job);
  const next = pool.run(ctx, {
    ...job,
    source: { kind: 'stream', stream: once(tar) },
    target: join(dir, '2.tmp'),
  });
  const third = cancellable();
  const queued = pool.run(third.ctx, job);
  third.cancel();
  await assert.rejects(queued, { kind: 'cancelled' });
  file.grow(blob.subarray(0, 2000));
  await sleep(100);
  cancel();
  await assert.rejects(running, { kind: 'cancelled' });
  assert.ok(!existsSync(target));
  assert.equal(file.listeners, 0);
  assert.equal((await next).diffId, digestOf(tar));
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

test('what a failed job’s source still says does not reach the next job', async (t) => {
  const dir = scratch(t);
  const pool = openPool(t, 1);
  const late = new Growing(join(dir, 'late'), 1 << 20);
  const failing = cancellable();
  const job: UnpackJob = {
    source: { kind: 'growing', blob: late },
    target: join(dir, '1.tmp'),
    whiteouts: 'overlay',
  };
  const first = pool.run(failing.ctx, job);
  failing.cancel();
  await assert.rejects(first, { kind: 'cancelled' });
  const file = new Growing(join(dir, 'blob'), blob.length);
  const second = pool.run(ctx, {
    ...job,
    source: { kind: 'growing', blob: file },
    target: join(dir, '2.tmp'),
  });
  file.grow(blob.subarray(0, 100));
  late.grow(Buffer.alloc(1 << 19));
  late.fail(new Error('gone'));
  await sleep(100);
  file.grow(blob.subarray(100));
  assert.equal((await second).diffId, digestOf(tar));
});

test('a download or stream that breaks off ends the job with its own error', async (t) => {
  const dir = scratch(t);
  const pool = openPool(t);
  const file = new Growing(join(dir, 'blob'), blob.length);
  const target = join(dir, '1.tmp');
  const growing = pool.run(ctx, { source: { kind: 'growing', blob: file }, target, whiteouts: 'overlay' });
  file.grow(blob.subarray(0, 1000));
  file.fail(new Error('connection lost'));
  await assert.rejects(growing, /^Error: connection lost$/);
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield tar.subarray(0, 5000);
    throw new Error('client gone');
  };
  await assert.rejects(
    pool.run(ctx, { source: { kind: 'stream', stream: stream() }, target, whiteouts: 'overlay' }),
    /^Error: client gone$/,
  );
  assert.deepEqual(readdirSync(dir), ['blob']);
});

test('idle workers end, and a closed pool’s jobs fail without a trace', async (t) => {
  const dir = scratch(t);
  const threads = (): number =>
    Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const pool = openPool(t);
  const job = (name: string, stream: AsyncIterable<Uint8Array>): UnpackJob => ({
    source: { kind: 'stream', stream },
    target: join(dir, name),
    whiteouts: 'overlay',
  });
  await pool.run(ctx, job('1', once(tar)));
  const busy = threads();
  await sleep(400);
  assert.ok(threads() < busy, `${threads()} threads of ${busy}`);
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    yield tar.subarray(0, 50_000);
    await sleep(60_000, undefined, { ref: false });
  };
  const running = pool.run(ctx, job('2', endless()));
  running.catch(() => {});
  await sleep(300);
  await pool.close();
  await assert.rejects(running, { kind: 'system', message: /the unpack worker died/ });
  assert.deepEqual(readdirSync(dir), ['1']);
});
