import { rm } from 'node:fs/promises';
import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { UndoStack } from '../base/undo.ts';
import type { Download } from '../content/content.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type ChainId, chainIds, type DiffId, type Digest } from '../formats/digest.ts';
import { LAYERS, type LayerRecord } from '../images/layer-record.ts';
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
  download(ctx: Ctx): Promise<Download>;
}

/** What one operation holds until its records are committed. */
export interface Holdings {
  readonly blobs: Lease<Digest>;
  readonly layers: Lease<ChainId>;
}

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
    if (leftovers === 'drop') undo.push('delete blobs', () => releaseBlobs(detached(ctx), deps, blobs));
    if (!succeeded) undo.push('remove layers', () => releaseLayers(detached(ctx), deps, layers));
  }
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
  let below: Promise<void> = Promise.resolve();
  const tasks = sources.map((source, i) => {
    const chainId = chain[i];
    if (present[i] || chainId === undefined) return below;
    const parent = chain[i - 1];
    const ready = below;
    below = deps.layerTasks.join(
      own,
      chainId,
      (taskCtx, tell) => installLayer(taskCtx, deps, { source, chainId, parent, ready }, tell),
      (progress) => report(i, progress),
    );
    return below;
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
  /** Fulfilled when the parent is registered. */
  readonly ready: Promise<void>;
}

/** Transfer ∥ unpack → settle on the layers below → register. */
async function installLayer(
  ctx: Ctx,
  deps: ImagesDeps,
  place: Placement,
  report: LayerReport,
): Promise<void> {
  const { source, chainId, parent, ready } = place;
  ready.catch(() => {});
  const dir = deps.snapshots.newLayerDir();
  try {
    const unpacked = await fetchAndUnpack(ctx, deps, source, dir, report);
    await ready;
    const { diffId, blob } = source;
    await registerLayer(ctx, deps, { chainId, parent, diffId, blob }, unpacked, dir);
    report({ status: 'Pull complete' });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
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
    return record;
  });
}

/** One at a time per blob: whoever comes second finds it stored. Kept bytes that turn out wrong are fetched anew, once. */
async function fetchAndUnpack(
  ctx: Ctx,
  deps: ImagesDeps,
  source: LayerSource,
  dir: string,
  report: LayerReport,
): Promise<UnpackResult> {
  report({ status: 'Waiting' });
  return deps.locks.run(`fetch ${source.blob.digest}`, async () => {
    const download = await source.download(ctx);
    try {
      return await unpackWhileFetching(ctx, deps, source, download, dir, report);
    } catch (error) {
      const kept = download.resumedFrom > 0 && download.resumedFrom < source.blob.size;
      if (!kept || !isEngineError(error, 'data-loss') || !(await isThrownAway(ctx, download))) throw error;
      ctx.log.warn('bytes kept from an earlier download were wrong', { digest: source.blob.digest });
    }
    const anew = await source.download(ctx);
    return unpackWhileFetching(ctx, deps, source, anew, dir, report);
  });
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
  const abort = new AbortController();
  const own = { ...ctx, signal: AbortSignal.any([ctx.signal, abort.signal]) };
  const total = source.blob.size;
  const stop = download.onGrowth((current) => report({ status: 'Downloading', current, total }));
  let arrived = false;
  const arrival = download.whole.then(() => {
    arrived = true;
    report({ status: 'Verifying Checksum' });
    report({ status: 'Download complete' });
  });
  const unpacking = firstByte(download).then(() =>
    deps.unpack(own, {
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
    const [unpacked] = await Promise.all([unpacking, arrival]);
    await download.commit(ctx, unpacked.compressedDigest);
    return unpacked;
  } catch (error) {
    abort.abort(error);
    await unpacking.catch(() => {});
    throw error;
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
