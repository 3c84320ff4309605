import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { type Digest, parseDigest, splitDigest } from '../formats/digest.ts';
import type { BlobRef } from './content.ts';
import { diskError } from './layout.ts';

const CHUNK = 1 << 20;

/** A hash of the algorithm that `digest` is of. */
export function hashLike(digest: Digest): Hash {
  return createHash(splitDigest(digest)[0]);
}

/** The finished digest of `hash`, which must be of `like`'s algorithm. */
export function digestLike(like: Digest, hash: Hash): Digest {
  return parseDigest(`${splitDigest(like)[0]}:${hash.digest('hex')}`);
}

/** Hashes a file with `like`'s algorithm. */
export async function hashFile(ctx: Ctx, path: string, like: Digest): Promise<Digest> {
  const hash = hashLike(like);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK, signal: ctx.signal })) {
      hash.update(chunk);
    }
  } catch (error) {
    throw diskError(error, `cannot read ${path}`);
  }
  return digestLike(like, hash);
}

/** Throws `data-loss` unless `found` is what `blob` promises. */
export function checkDigest(blob: BlobRef, found: Digest): void {
  if (found !== blob.digest) {
    throw new EngineError(
      'data-loss',
      `filesystem layer verification failed for digest ${blob.digest}: the bytes have ${found}`,
    );
  }
}

/** Throws `data-loss` unless `found` bytes are what `blob` promises. */
export function checkSize(blob: BlobRef, found: number): void {
  if (found !== blob.size) {
    throw new EngineError(
      'data-loss',
      `${blob.digest}: ${found} bytes are stored, but its descriptor says ${blob.size}`,
    );
  }
}
