import { rm } from 'node:fs/promises';
import { type Ctx, detached } from '../base/ctx.ts';
import { isEngineError } from '../base/errors.ts';
import type { Download } from '../content/content.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type ChainId, chainIds, type DiffId, type Digest } from '../formats/digest.ts';
import { LAYERS } from '../images/layer-record.ts';
import type { UnpackResult } from '../layers/unpack-job.ts';
import type { Lease } from '../store/leases.ts';
import { releaseLayers } from './gc.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { LayerProgress } from './images-progress.ts';

/** A layer to bring in. */
export interface LayerSource {
  readonly diffId: DiffId;
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

/** Runs `work` with leases that end with it. When it fails, the layers it brought in go; blobs stay to go on from. */
export async function withHoldings<T>(
  ctx: Ctx,
  deps: ImagesDeps,
  work: (held: Holdings) => Promise<T>,
): Promise<T> {
  const held = { blobs: deps.leases.blobs.take(), layers: deps.leases.layers.take() };
  const release = (): void => {
    held.blobs[Symbol.dispose]();
    held.layers[Symbol.dispose]();
  };
  try {
    return await work(held);
  } catch (error) {
    const layers = held.layers.resources();
    release();
    await releaseLayers(detached(ctx), deps, layers);
    throw error;
  } finally {
    release();
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

/** Transfer ∥ unpack → settle on the layers below → register. A crash leaves a blob, or a snapshot without record; both are swept. */
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
    await deps.settle(ctx, dir, unpacked.deferred, deps.snapshots.lowerDirs(parent));
    await deps.locks.run(chainId, async () => {
      if (deps.snapshots.stat(chainId)) await deps.snapshots.remove(ctx, chainId);
      await deps.snapshots.register(ctx, chainId, parent, dir);
      await deps.store.put(LAYERS, chainId, {
        chainId,
        diffId: source.diffId,
        ...(parent !== undefined && { parent }),
        size: unpacked.contentSize,
        blob: source.blob,
      });
    });
    report({ status: 'Pull complete' });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
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
