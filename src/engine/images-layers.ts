import { basename, dirname } from 'node:path';
import { type Ctx, detached } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type ChainId, chainIds, type DiffId } from '../formats/digest.ts';
import { LAYERS, type LayerRecord } from '../images/layer-record.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { removeTree } from '../kernel/directories.ts';
import { openPath, own } from '../kernel/fd.ts';
import type { UnpackResult } from '../layers/unpack-job.ts';
import type { ImagesDeps } from './images-deps.ts';
import { fetchAndUnpack, type LayerReport, type LayerSource } from './images-fetch-layer.ts';
import { type Holdings, holdBlob } from './images-holdings.ts';
import type { LayerProgress } from './images-progress.ts';

/** Time for removing the largest layers. */
const REMOVAL_MS = 600_000;

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
    // Of a layer on its way out the snapshot may be there still: being held now, it stays.
    if (deps.snapshots.stat(chainId)) await discardDirectory(ctx, dir);
    else await deps.snapshots.register(ctx, chainId, parent, dir);
    const size = unpacked.contentSize;
    const record = { chainId, diffId, ...(parent !== undefined && { parent }), size, blob };
    await deps.store.put(LAYERS, chainId, record);
    deps.arrivals.announce(chainId);
    return record;
  });
}

/** Removes a layer's directory that will not be registered; nothing happens when there is none. */
export async function discardDirectory(ctx: Ctx, dir: string): Promise<void> {
  using parent = own(openPath(dirname(dir), O_PATH | O_DIRECTORY));
  await removeTree(detached(ctx, REMOVAL_MS), parent.fd, basename(dir));
}
