import { basename, dirname } from 'node:path';
import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { UndoStack } from '../base/undo.ts';
import type { Download } from '../content/content.ts';
import type { Retry } from '../distribution/blobs.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type ChainId, chainIds, type DiffId, type Digest } from '../formats/digest.ts';
import { LAYERS, type LayerRecord } from '../images/layer-record.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { removeTree } from '../kernel/directories.ts';
import { openPath, own } from '../kernel/fd.ts';
import type { UnpackResult } from '../layers/unpack-job.ts';
import type { Lease } from '../store/leases.ts';
import { releaseBlobs, releaseLayers } from './gc.ts';
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

/** What one operation holds until its records are committed. */
export interface Holdings {
  readonly blobs: Lease<Digest>;
  readonly layers: Lease<ChainId>;
}

/** Time for removing the largest layers. */
const REMOVAL_MS = 600_000;

type LayerReport = (progress: LayerProgress) => void;

/**
 * Runs `work` with leases that end with it. When it fails, the layers it brought in go. Blobs that no record names in
 * the end stay where a later attempt can go on from them (`keep`), or go (`drop`).
 */
export async function withHoldings<T>(
  ctx: Ctx,
  deps: ImagesDeps,
  leftovers: 'keep' | 'drop',
  work: (held: Holdings) => Promise<T>,
): Promise<T> {
  const held = { blobs: deps.leases.blobs.take(), layers: deps.leases.layers.take() };
  let succeeded = false;
  try {
    const result = await work(held);
    succeeded = true;
    return result;
  } finally {
    const [layers, blobs] = [held.layers.resources(), held.blobs.resources()];
    held.blobs[Symbol.dispose]();
    held.layers[Symbol.dispose]();
    await using undo = new UndoStack(ctx.log);
    if (leftovers === 'drop') undo.push('delete blobs', () => dropBlobs(detached(ctx), deps, blobs));
    if (!succeeded) undo.push('remove layers', () => releaseLayers(detached(ctx), deps, layers));
  }
}

async function dropBlobs(ctx: Ctx, deps: ImagesDeps, blobs: readonly Digest[]): Promise<void> {
  await releaseBlobs(ctx, deps, blobs);
  for (const digest of blobs) await deps.content.forgetIngest(ctx, digest);
}

/** Holds a blob, having waited for whoever is just deleting it. */
export async function holdBlob(deps: ImagesDeps, held: Holdings, digest: Digest): Promise<void> {
  await deps.locks.run(digest, async () => held.blobs.add(digest));
}

/**
 * Brings in all layers of an image, bottom first, that are not here yet: fetched and unpacked in parallel, registered in
 * order. `report` hears of each by its index. Throws `data-loss` when bytes are not what digest or diff ID say.
 */
export async function installLayers(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  sources: readonly LayerSource[],
  report: (index: number, progress: LayerProgress) => void,
): Promise<void> {
  const chain = chainIds(sources.map(({ diffId }) => diffId));
  for (const chainId of chain) held.layers.add(chainId);
  for (const { blob } of sources) await holdBlob(deps, held, blob.digest);
  // Within a transaction: what a removal has already decided to take away does not count as present.
  const present = await deps.store.transaction((tx) => chain.map((chainId) => tx.has(LAYERS, chainId)));
  for (const [i, here] of present.entries()) {
    report(i, { status: here ? 'Already exists' : 'Pulling fs layer' });
  }
  const abort = new AbortController();
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, abort.signal]) };
  const tasks = sources.flatMap((source, i) => {
    const chainId = chain[i];
    if (present[i] || chainId === undefined) return [];
    const work = (taskCtx: Ctx, tell: LayerReport): Promise<void> =>
      installLayer(taskCtx, deps, { source, chainId, parent: chain[i - 1] }, tell);
    return [deps.layerTasks.join(own, chainId, work, (progress) => report(i, progress))];
  });
  try {
    await Promise.all(tasks);
  } catch (error) {
    abort.abort(error);
    await Promise.allSettled(tasks);
    throw error;
  }
}

interface Placement {
  readonly source: LayerSource;
  readonly chainId: ChainId;
  readonly parent: ChainId | undefined;
}

/** Transfer ∥ unpack → settle on the layers below → register. */
async function installLayer(
  ctx: Ctx,
  deps: ImagesDeps,
  place: Placement,
  report: LayerReport,
): Promise<void> {
  const { source, chainId, parent } = place;
  const dir = deps.snapshots.newLayerDir();
  try {
    const unpacked = await fetchAndUnpack(ctx, deps, source, dir, report);
    // Whoever shares in this layer also shares in its parent, and leaves here when that fails.
    if (parent) await deps.arrivals.wait(ctx, parent, () => deps.store.has(LAYERS, parent));
    const { diffId, blob } = source;
    await registerLayer(ctx, deps, { chainId, parent, diffId, blob }, unpacked, dir);
    report({ status: 'Pull complete' });
  } catch (error) {
    await discardDirectory(ctx, dir);
    if (source.name === undefined || !isEngineError(error)) throw error;
    throw new EngineError(error.kind, `${source.name}: ${error.message}`, { cause: error });
  }
}

/**
 * Settles an unpacked layer on those below it, moves it to its place and records it. The caller holds the layer and its
 * blob. Killed in between: a directory or a snapshot without record, both of which are swept.
 */
export async function registerLayer(
  ctx: Ctx,
  deps: ImagesDeps,
  layer: { chainId: ChainId; parent: ChainId | undefined; diffId: DiffId; blob: Descriptor },
  unpacked: UnpackResult,
  dir: string,
): Promise<LayerRecord> {
  const { chainId, parent, diffId, blob } = layer;
  await deps.settle(ctx, dir, unpacked.deferred, deps.snapshots.lowerDirs(parent));
  return deps.locks.run(chainId, async () => {
    const known = deps.store.get(LAYERS, chainId);
    if (known) return known;
    if (deps.snapshots.stat(chainId)) await deps.snapshots.remove(ctx, chainId);
    await deps.snapshots.register(ctx, chainId, parent, dir);
    const size = unpacked.contentSize;
    const record = { chainId, diffId, ...(parent !== undefined && { parent }), size, blob };
    await deps.store.put(LAYERS, chainId, record);
    deps.arrivals.announce(chainId);
    return record;
  });
}

/** What came of fetching and unpacking a layer once. `wrong`: the bytes were not the blob's, and are thrown away. */
type Attempt =
  | { readonly kind: 'done'; readonly unpacked: UnpackResult }
  | { readonly kind: 'wrong'; readonly error: EngineError };

/** Wrong bytes (kept from an earlier download, or served by a bad mirror) are fetched anew once, where that may help. */
async function fetchAndUnpack(
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

/** Removes a layer's directory that will not be registered; nothing happens when there is none. */
export async function discardDirectory(ctx: Ctx, dir: string): Promise<void> {
  using parent = own(openPath(dirname(dir), O_PATH | O_DIRECTORY));
  await removeTree(detached(ctx, REMOVAL_MS), parent.fd, basename(dir));
}
