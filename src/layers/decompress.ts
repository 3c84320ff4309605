import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { EngineError, messageOf } from '../base/errors.ts';
import { cutAtFrames, nativeZstd, unzstd } from './unpack/zstd.ts';

type Format = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** Formats by their first bytes. Media types lie; these do not (RFC 1952 2.3.1; RFC 8878 3.1). */
const MAGIC: readonly (readonly [Format, RegExp])[] = [
  ['gzip', /^\x1f\x8b/],
  ['zstd', /^(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/],
  ['bzip2', /^BZh[1-9]/],
  ['xz', /^\xfd7zXZ\0/],
];
const MAGIC_BYTES = 6;

/** Large, so that inflating in zlib's helper thread and working off the result overlap in few, long steps. */
const CHUNK = 1 << 20;

/**
 * The plain bytes of a stream that is compressed with gzip (any number of members), zstd (any number of frames) or not at
 * all. Throws `not-implemented` for bzip2 and xz, `invalid` for damaged or cut off data.
 */
export async function* decompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(source);
  const format =
    MAGIC.find(([, magic]) => magic.test(head.toString('latin1', 0, MAGIC_BYTES)))?.[0] ?? 'none';
  switch (format) {
    case 'none':
      yield* rest;
      break;
    case 'gzip':
      yield* through(createGunzip({ chunkSize: CHUNK }), rest, format);
      break;
    case 'zstd': {
      const native = nativeZstd();
      yield* native ? through(native({ chunkSize: CHUNK }), cutAtFrames(rest), format) : unzstd(rest);
      break;
    }
    case 'bzip2':
    case 'xz':
      throw new EngineError(
        'not-implemented',
        `layers compressed with ${format} cannot be unpacked; recompress it with gzip or zstd`,
      );
  }
}

/** The first bytes of a stream, and the whole stream. */
async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; rest: AsyncGenerator<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return { head, rest: resume(head, iterator) };
}

async function* resume(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Node's decompressors go on with the next gzip member or zstd frame by themselves; zeros after the last are ignored. */
async function* through(
  inflate: Transform,
  source: AsyncIterable<Buffer>,
  format: Format,
): AsyncGenerator<Buffer> {
  let sourceError: unknown;
  const guarded = onError(source, (error) => {
    sourceError = error;
  });
  // Whatever ends it early also destroys `inflate`, whose iterator below then throws.
  const feeding = pipeline(guarded, inflate).catch(() => {});
  try {
    yield* inflate;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    throw new EngineError('invalid', `damaged ${format} data: ${messageOf(error)}`, { cause: error });
  } finally {
    inflate.destroy();
    await feeding;
  }
}

async function* onError<T>(source: AsyncIterable<T>, note: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    note(error);
    throw error;
  }
}
