import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { EngineError, messageOf } from '../../base/errors.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Node's own zstd, which it has from 22.15 on. */
export function nativeZstd(): ((options: { chunkSize: number }) => Transform) | undefined {
  const create: unknown = Reflect.get(zlib, 'createZstdDecompress');
  return typeof create === 'function' ? (options) => create(options) : undefined;
}

/**
 * The frames of a stream in pieces that never reach beyond the end of one: Node's decompressor takes what follows a
 * frame in the same write for garbage and drops it. Throws `invalid`.
 */
export async function* cutAtFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const frames = new ZstdFrames(NATIVE_MAX_WINDOW);
  for await (const chunk of source) {
    let run: Buffer[] = [];
    for (const { bytes, ends } of frames.push(chunk)) {
      run.push(bytes);
      if (!ends) continue;
      yield Buffer.concat(run);
      run = [];
    }
    if (run.length > 0) yield Buffer.concat(run);
  }
  frames.finish();
}

/** zstd's own limit for streams (ZSTD_WINDOWLOG_LIMIT_DEFAULT). */
const NATIVE_MAX_WINDOW = 128 << 20;
/** What RFC 8878 3.1.1.1.2 asks every decoder to take, and what zstd's levels up to 19 use. */
const OWN_MAX_WINDOW = 8 << 20;

/** How long the decoder runs before messages to the thread (a cancellation) get their turn. */
const SLICE_MS = 50;

/** The plain bytes of zstd frames, without Node's help: about a third of its speed. Throws `invalid`. */
export async function* unzstd(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const frames = new ZstdFrames(OWN_MAX_WINDOW);
  let ready: Buffer[] = [];
  let decoder: Decompress | undefined;
  let sliceEnd = performance.now() + SLICE_MS;
  for await (const chunk of source) {
    for (const { bytes, ends } of frames.push(chunk)) {
      decoder ??= new Decompress((data) => {
        ready.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      });
      decode(decoder, bytes, ends);
      if (ends) decoder = undefined;
      yield* ready;
      ready = [];
      if (performance.now() > sliceEnd) {
        await new Promise((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
  }
  frames.finish();
}

function decode(decoder: Decompress, bytes: Buffer, final: boolean): void {
  try {
    decoder.push(bytes, final);
  } catch (error) {
    throw new EngineError('invalid', `damaged zstd data: ${messageOf(error)}`, { cause: error });
  }
}
