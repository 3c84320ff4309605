import { createHash, type Hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EngineError, isEngineError, messageOf } from '../../base/errors.ts';
import { asDiffId, type Digest, parseDigest, splitDigest } from '../../formats/digest.ts';
import { TarReader } from '../../formats/tar-reader.ts';
import { O_DIRECTORY, O_PATH, O_RDONLY } from '../../kernel/constants.ts';
import { removeTreeSync } from '../../kernel/directories.ts';
import { openPath, own } from '../../kernel/fd.ts';
import { syncfs } from '../../kernel/files.ts';
import { type LayerStats, LayerWriter } from '../apply/layer-writer.ts';
import { decompress } from '../decompress.ts';
import type { UnpackResult } from '../unpack-job.ts';
import type { WorkerJob } from './protocol.ts';

export type LayerJob = Pick<WorkerJob, 'compressedDigest' | 'diffId' | 'target' | 'whiteouts'>;

/** Told after each piece of the source; throws to stop. */
export type OnConsumed = (bytes: number) => void;

/**
 * Unpacks `source` into the new directory `job.target`: hash of the compressed bytes, inflate, hash of the tar, apply, in
 * one pass. Throws `data-loss` when a digest is not the one expected, also when damaged bytes made something else fail
 * first; `invalid` for a malformed or hostile archive; `no-space`. The target is gone afterwards.
 */
export async function unpackLayer(
  source: AsyncIterable<Buffer>,
  job: LayerJob,
  onConsumed: OnConsumed,
): Promise<UnpackResult> {
  mkdirSync(job.target, { mode: 0o755 });
  const input = new HashedSource(source, job.compressedDigest, onConsumed);
  try {
    return await unpackInto(input, job);
  } catch (error) {
    removeTarget(job.target);
    if (isEngineError(error, 'invalid')) await input.drain();
    throw error;
  } finally {
    await input.close();
  }
}

async function unpackInto(input: HashedSource, job: LayerJob): Promise<UnpackResult> {
  const tarHash = new DigestHash(job.diffId);
  let tarSize = 0;
  const stats = await writing(job, async (reader) => {
    for await (const piece of decompress(input.pieces())) {
      tarHash.update(piece);
      tarSize += piece.length;
      reader.push(piece);
    }
  });
  await input.drain();
  await flush(job.target);
  return {
    compressedDigest: input.digest(),
    diffId: asDiffId(tarHash.digest('the uncompressed layer')),
    compressedSize: input.size,
    tarSize,
    ...stats,
  };
}

async function writing(job: LayerJob, feed: (reader: TarReader) => Promise<void>): Promise<LayerStats> {
  const writer = new LayerWriter(job.target, job.whiteouts);
  try {
    const reader = new TarReader(writer);
    await feed(reader);
    reader.finish();
    return writer.finish();
  } finally {
    writer.close();
  }
}

/** Now, while other layers are still being unpacked: what is left to flush before this one is registered is little. */
async function flush(target: string): Promise<void> {
  using directory = own(openPath(target, O_RDONLY | O_DIRECTORY));
  await syncfs(directory.fd);
}

function removeTarget(target: string): void {
  using parent = own(openPath(dirname(target), O_PATH | O_DIRECTORY));
  removeTreeSync(parent.fd, basename(target));
}

/** The compressed bytes on their way, counted and hashed. */
class HashedSource {
  readonly #iterator: AsyncIterator<Buffer>;
  readonly #hash: DigestHash;
  readonly #onConsumed: OnConsumed;
  size = 0;

  constructor(source: AsyncIterable<Buffer>, expected: Digest | undefined, onConsumed: OnConsumed) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#hash = new DigestHash(expected);
    this.#onConsumed = onConsumed;
  }

  /** Can be left early and taken up by {@link drain}. */
  async *pieces(): AsyncGenerator<Buffer> {
    for (;;) {
      const { done, value } = await this.#iterator.next();
      if (done) return;
      this.#hash.update(value);
      this.size += value.length;
      this.#onConsumed(this.size);
      yield value;
    }
  }

  /** Hashes what the decompressor had no use for. Throws `data-loss` when the digest is not the one expected. */
  async drain(): Promise<void> {
    for await (const _ of this.pieces());
    this.digest();
  }

  digest(): Digest {
    return this.#hash.digest('the layer');
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}

/** A hash with the algorithm of the digest that is expected, if any. */
class DigestHash {
  readonly #expected: Digest | undefined;
  readonly #algorithm: string;
  readonly #hash: Hash;
  #digest: Digest | undefined;

  constructor(expected: Digest | undefined) {
    this.#expected = expected;
    this.#algorithm = expected === undefined ? 'sha256' : splitDigest(expected)[0];
    this.#hash = createHash(this.#algorithm);
  }

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  digest(what: string): Digest {
    this.#digest ??= parseDigest(`${this.#algorithm}:${this.#hash.digest('hex')}`);
    if (this.#expected !== undefined && this.#digest !== this.#expected) {
      throw new EngineError('data-loss', `${what} has digest ${this.#digest}, expected ${this.#expected}`);
    }
    return this.#digest;
  }
}

/** For `failed` messages. */
export function wireError(error: unknown): { kind: EngineError['kind']; message: string } {
  return { kind: error instanceof EngineError ? error.kind : 'system', message: messageOf(error) };
}
