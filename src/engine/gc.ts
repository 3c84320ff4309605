import { mkdir, rm } from 'node:fs/promises';
import type { Ctx } from '../base/ctx.ts';
import { isEngineError } from '../base/errors.ts';
import { type ChainId, type Digest, isDigest } from '../formats/digest.ts';
import { IMAGES, layersOf } from '../images/image-record.ts';
import { LAYERS } from '../images/layer-record.ts';
import { REFERENCES } from '../images/reference-record.ts';
import type { SnapshotInfo } from '../snapshots/snapshotter.ts';
import { reachable } from '../store/mark.ts';
import type { Reader } from '../store/store.ts';
import type { ImagesDeps } from './images-deps.ts';

/*
 * Mark and sweep. What is live: every image with its names, manifests, config and layers; layers under a container's or
 * a build's snapshot; whatever a running operation leases. Deletion goes records → directories → blobs, the reverse of
 * making: a crash in between leaves only what the next sweep finds without a record.
 */

export interface SweepOptions {
  /** Blobs that nothing needs are kept for so long, in milliseconds: they are what a cancelled pull goes on from. */
  readonly keepBlobsMs: number;
}

/** How long an interrupted pull may be gone on with. */
export const KEEP_INTERRUPTED_MS = 7 * 24 * 3600 * 1000;

/**
 * Before the daemon serves: what its last life left behind. Nothing runs yet, so nothing is leased; running containers
 * keep their layers through their snapshots.
 */
export async function reconcileImages(ctx: Ctx, deps: ImagesDeps): Promise<Swept> {
  await rm(deps.spoolDir, { recursive: true, force: true });
  await mkdir(deps.spoolDir, { recursive: true, mode: 0o700 });
  return sweep(ctx, deps, { keepBlobsMs: KEEP_INTERRUPTED_MS });
}

export interface Swept {
  readonly layers: readonly ChainId[];
  readonly blobs: readonly Digest[];
  /** Bytes of blobs and partial downloads. */
  readonly bytes: number;
}

/** Sweeps everything: at start-up, and when the user prunes. */
export async function sweep(ctx: Ctx, deps: ImagesDeps, options: SweepOptions): Promise<Swept> {
  const candidates = new Set<ChainId>(deps.store.keys(LAYERS));
  for (const { key, kind } of deps.snapshots.walk()) {
    if (kind === 'committed' && isLayerKey(key)) candidates.add(key);
  }
  const layers = await releaseLayers(ctx, deps, [...candidates]);
  const oldest = Date.now() - options.keepBlobsMs;
  const old = new Map<Digest, number>();
  for await (const blob of deps.content.walk(ctx)) {
    if (blob.modifiedAt <= oldest) old.set(blob.digest, blob.size);
  }
  const blobs = await releaseBlobs(ctx, deps, [...old.keys()]);
  const partial = await deps.content.expireIngests(ctx, options.keepBlobsMs);
  return { layers, blobs, bytes: blobs.reduce((sum, digest) => sum + (old.get(digest) ?? 0), partial) };
}

/** Takes away those of `candidates` that nothing needs; returns them. */
export async function releaseLayers(
  ctx: Ctx,
  deps: ImagesDeps,
  candidates: readonly ChainId[],
): Promise<ChainId[]> {
  const dead = await deps.store.transaction((tx) => {
    const live = liveLayers(tx, deps);
    const unneeded = candidates.filter((chainId) => !live.has(chainId));
    for (const chainId of unneeded) tx.delete(LAYERS, chainId);
    return unneeded;
  });
  await removeSnapshots(ctx, deps, dead);
  return dead;
}

/** Removes the snapshots of layers whose records are gone, those above before those below. */
export async function removeSnapshots(ctx: Ctx, deps: ImagesDeps, layers: readonly ChainId[]): Promise<void> {
  let waiting = [...layers];
  for (let before = -1; waiting.length !== before; ) {
    before = waiting.length;
    const stood: ChainId[] = [];
    for (const chainId of waiting) if (!(await removeSnapshot(ctx, deps, chainId))) stood.push(chainId);
    waiting = stood;
  }
  if (waiting.length > 0) ctx.log.debug('layers still stood on', { count: waiting.length });
}

/** False while another snapshot stands on it. */
async function removeSnapshot(ctx: Ctx, deps: ImagesDeps, chainId: ChainId): Promise<boolean> {
  return deps.locks.run(chainId, async () => {
    const wanted = deps.leases.layers.has(chainId) || deps.store.has(LAYERS, chainId);
    if (wanted || !deps.snapshots.stat(chainId)) return true;
    try {
      await deps.snapshots.remove(ctx, chainId);
      return true;
    } catch (error) {
      if (isEngineError(error, 'conflict')) return false;
      throw error;
    }
  });
}

/** Deletes those of `candidates` that no record names and nobody leases; returns them. */
export async function releaseBlobs(
  ctx: Ctx,
  deps: ImagesDeps,
  candidates: readonly Digest[],
): Promise<Digest[]> {
  const named = liveBlobs(deps.store);
  const deleted: Digest[] = [];
  for (const digest of candidates.filter((candidate) => !named.has(candidate))) {
    await deps.locks.run(digest, async () => {
      // Looked up again: since then an operation may have committed its records and ended its lease.
      if (deps.leases.blobs.has(digest) || liveBlobs(deps.store).has(digest)) return;
      if (await deps.content.delete(ctx, digest)) deleted.push(digest);
    });
  }
  return deleted;
}

/** Chain IDs that must stay, with all below them; without `images`, only those that something else holds. */
export function liveLayers(read: Reader, deps: ImagesDeps, { images } = { images: true }): Set<ChainId> {
  const roots: ChainId[] = [...deps.leases.layers.held(), ...deps.heldLayers()];
  const known = images ? read.range(IMAGES) : [];
  for (const [, image] of known) roots.push(...layersOf(image).slice(-1));
  for (const { key, parent } of deps.snapshots.walk()) {
    if (!isLayerKey(key) && parent !== undefined && isLayerKey(parent)) roots.push(parent);
  }
  return reachable(roots, (chainId) => {
    const parent = read.get(LAYERS, chainId)?.parent ?? deps.snapshots.stat(chainId)?.parent;
    return parent !== undefined && isLayerKey(parent) ? [parent] : [];
  });
}

/** Blobs that records name. */
function liveBlobs(read: Reader): Set<Digest> {
  const live = new Set<Digest>();
  for (const [, { target }] of read.range(REFERENCES)) live.add(target.digest);
  for (const [, { id, manifests }] of read.range(IMAGES)) {
    live.add(id);
    for (const { digest } of manifests) live.add(digest);
  }
  for (const [, { blob }] of read.range(LAYERS)) live.add(blob.digest);
  return live;
}

/** Snapshots of layers are called by their chain ID, all others by something else. */
function isLayerKey(key: SnapshotInfo['key']): key is ChainId {
  return isDigest(key);
}
