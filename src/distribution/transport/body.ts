import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { Ctx } from '../../base/ctx.ts';
import { checkCancelled } from '../../base/ctx.ts';
import { EngineError } from '../../base/errors.ts';

/** Fewer bytes than this in one stall time count as nothing: a server that drips is as bad as one that is silent. */
const LEAST_PER_WINDOW = 1024;
const SMALL = 16 << 10;

/**
 * The pieces of a response's body. Ends with `unavailable` when fewer than 1 KiB come in `stallMs` of waiting; the time the
 * consumer takes for itself does not count. Leaving the loop early closes the connection.
 */
export async function* chunksOf(ctx: Ctx, body: Readable, stallMs: number): AsyncGenerator<Uint8Array> {
  const iterator: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
  let waited = 0;
  let came = 0;
  try {
    for (;;) {
      const started = performance.now();
      const next = await within(ctx, iterator.next(), stallMs - waited, () => stalled(stallMs));
      if (next.done) return;
      waited += performance.now() - started;
      came += next.value.byteLength;
      if (came >= LEAST_PER_WINDOW) waited = came = 0;
      else if (waited >= stallMs) throw stalled(stallMs);
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

/** Does away with a body nobody wants: read when it is small, so that the connection can be used again. */
export function discard(body: IncomingMessage): void {
  const length = Number(body.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (body.complete || length <= SMALL) body.resume();
  else body.destroy();
}

/** The whole body, at most `limit` bytes; `undefined` when it is larger. */
export async function readBounded(
  ctx: Ctx,
  body: Readable,
  limit: number,
  stallMs: number,
): Promise<Buffer | undefined> {
  const bytes = await readStart(ctx, body, limit + 1, stallMs);
  return bytes.byteLength > limit ? undefined : bytes;
}

/** The first `limit` bytes of a body; the rest is not waited for. */
export async function readStart(ctx: Ctx, body: Readable, limit: number, stallMs: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunksOf(ctx, body, stallMs)) {
    parts.push(chunk.subarray(0, limit - size));
    size += chunk.byteLength;
    if (size >= limit) break;
  }
  return Buffer.concat(parts);
}

/** Rejects when `ctx` is cancelled, or with `late` when `ms` pass first. */
async function within<T>(ctx: Ctx, promise: Promise<T>, ms: number, late: () => EngineError): Promise<T> {
  checkCancelled(ctx);
  let stop: () => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(late()), Math.max(ms, 1));
    const onAbort = (): void => reject(new EngineError('cancelled', 'the transfer was cancelled'));
    ctx.signal.addEventListener('abort', onAbort, { once: true });
    stop = () => {
      clearTimeout(timer);
      ctx.signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([promise, failure]);
  } finally {
    stop();
    promise.catch(() => {});
  }
}

function stalled(ms: number): EngineError {
  return new EngineError('unavailable', `no data for ${Math.round(ms / 1000)} s`);
}
