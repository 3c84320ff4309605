import type { Ctx } from '../base/ctx.ts';
import { type EngineError, isEngineError } from '../base/errors.ts';
import type { Download } from '../content/content.ts';
import type { Retry } from '../distribution/blobs.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { DiffId } from '../formats/digest.ts';
import type { UnpackResult } from '../layers/unpack-job.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { LayerProgress } from './images-progress.ts';

/** A layer to bring in. */
export interface LayerSource {
  readonly diffId: DiffId;
  /** What errors about it begin with, where the digest says too little. */
  readonly name?: string;
  /** The layer's tar, perhaps compressed. */
  readonly blob: Descriptor;
  /** Joins or starts its transfer into the content store. */
  download(ctx: Ctx, onRetry: (retry: Retry) => void): Promise<Download>;
  /** Tells whoever served the blob's bytes that they were wrong; present where asking again may bring the right ones. */
  readonly distrust?: () => void;
}

export type LayerReport = (progress: LayerProgress) => void;

/** What came of fetching and unpacking a layer once. `wrong`: the bytes were not the blob's, and are thrown away. */
type Attempt =
  | { readonly kind: 'done'; readonly unpacked: UnpackResult }
  | { readonly kind: 'wrong'; readonly error: EngineError };

/** Wrong bytes (kept from an earlier download, or served by a bad mirror) are fetched anew once, where that may help. */
export async function fetchAndUnpack(
  ctx: Ctx,
  deps: ImagesDeps,
  source: LayerSource,
  dir: string,
  report: LayerReport,
): Promise<UnpackResult> {
  const first = await attempt(ctx, deps, source, dir, report);
  if (first.kind === 'done') return first.unpacked;
  if (!source.distrust) throw first.error;
  ctx.log.warn('a layer came with wrong bytes', { digest: source.blob.digest });
  source.distrust();
  const second = await attempt(ctx, deps, source, dir, report);
  if (second.kind === 'done') return second.unpacked;
  throw second.error;
}

async function attempt(
  ctx: Ctx,
  deps: ImagesDeps,
  source: LayerSource,
  dir: string,
  report: LayerReport,
): Promise<Attempt> {
  const abort = new AbortController();
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, abort.signal]) };
  report({ status: 'Waiting' });
  try {
    const download = await source.download(own, ({ waitMs }) =>
      report({ status: `Retrying in ${Math.ceil(waitMs / 1000)} seconds` }),
    );
    try {
      const unpacked = await unpackWhileFetching(own, deps, source, download, dir, report);
      await download.commit(own, unpacked.compressedDigest);
      return { kind: 'done', unpacked };
    } catch (error) {
      if (isEngineError(error, 'data-loss') && (await isThrownAway(own, download))) {
        return { kind: 'wrong', error };
      }
      throw error;
    }
  } catch (error) {
    abort.abort(error);
    throw error;
  }
}

/** Committing hashes what came, and throws it away when it is not the blob. */
async function isThrownAway(ctx: Ctx, download: Download): Promise<boolean> {
  try {
    await download.commit(ctx);
    return false;
  } catch (error) {
    if (isEngineError(error, 'data-loss')) return true;
    throw error;
  }
}

async function unpackWhileFetching(
  ctx: Ctx,
  deps: ImagesDeps,
  source: LayerSource,
  download: Download,
  dir: string,
  report: LayerReport,
): Promise<UnpackResult> {
  const total = source.blob.size;
  const stop = download.onGrowth((current) => report({ status: 'Downloading', current, total }));
  let arrived = false;
  const arrival = download.whole.then(() => {
    arrived = true;
    report({ status: 'Verifying Checksum' });
    report({ status: 'Download complete' });
  });
  const unpacking = firstByte(download).then(() =>
    deps.unpack(ctx, {
      source: { kind: 'growing', blob: download },
      compressedDigest: source.blob.digest,
      diffId: source.diffId,
      target: dir,
      whiteouts: deps.snapshots.whiteouts,
      onProgress: (current) => {
        if (arrived) report({ status: 'Extracting', current, total });
      },
    }),
  );
  try {
    // Both to the end: when unpacking fails, whether the bytes were right is known only when all have come.
    const [unpacked, whole] = await Promise.allSettled([unpacking, arrival]);
    if (whole.status === 'rejected') throw whole.reason;
    if (unpacked.status === 'rejected') throw unpacked.reason;
    return unpacked.value;
  } finally {
    stop();
  }
}

/** A worker is asked for only when there is something to read. */
function firstByte(download: Download): Promise<void> {
  if (download.received > 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = download.onGrowth(() => {
      stop();
      resolve();
    });
    download.whole.then(resolve, reject).finally(stop);
  });
}
