import type { Ctx } from '../base/ctx.ts';
import type { ChainId, Digest, ImageId } from '../formats/digest.ts';
import { familiarString } from '../formats/reference.ts';
import { type Catalog, readCatalog } from '../images/catalog.ts';
import { IMAGES } from '../images/image-record.ts';
import { LAYERS } from '../images/layer-record.ts';
import { findImage } from '../images/lookup.ts';
import { REFERENCES, referenceKey } from '../images/reference-record.ts';
import { planRemoval, type RemovalStep } from '../images/removal.ts';
import type { Tx } from '../store/store.ts';
import { liveLayers, releaseBlobs, removeSnapshots } from './gc.ts';
import type { ImagesDeps } from './images-deps.ts';

export interface RemoveOptions {
  readonly force: boolean;
  /** Keep parents that nobody needs any more. */
  readonly noPrune: boolean;
}

/** One line of the answer, in Docker's order. */
export type Removed =
  | { readonly kind: 'untagged'; readonly name: string }
  | { readonly kind: 'deleted'; readonly digest: ImageId | ChainId };

export interface RemoveResult {
  readonly removed: readonly Removed[];
  /** Unpacked bytes of the layers that went. */
  readonly freed: number;
}

/**
 * `docker rmi`: takes away a name, and the image with its last one. Records go first, in one transaction with the check
 * that they may; then directories and blobs. Errors: `not-found`, `conflict` (a container, a child, more names).
 */
export async function removeImage(
  ctx: Ctx,
  deps: ImagesDeps,
  text: string,
  options: RemoveOptions,
): Promise<RemoveResult> {
  const { catalog, steps } = await deps.store.transaction((tx) => {
    const found = findImage(tx, text);
    const before = readCatalog(tx);
    const facts = { catalog: before, usersOf: deps.usersOf, layerHeld: heldOutside(tx, deps, before) };
    const request = { found, text, force: options.force, pruneParents: !options.noPrune };
    const plan = planRemoval(facts, request);
    for (const step of plan) apply(tx, step);
    return { catalog: before, steps: plan };
  });
  publish(deps, catalog, steps);
  const layers = steps.flatMap((step) => (step.kind === 'delete' ? step.layers : []));
  await removeSnapshots(ctx, deps, layers);
  await releaseBlobs(
    ctx,
    deps,
    steps.flatMap((step) => blobsOf(catalog, step)),
  );
  const freed = layers.reduce((sum, chainId) => sum + (catalog.layers.get(chainId)?.size ?? 0), 0);
  return { removed: steps.flatMap(linesOf), freed };
}

/** Whether a layer is live for another reason than the images of `catalog`. */
function heldOutside(tx: Tx, deps: ImagesDeps, catalog: Catalog): (layer: ChainId) => boolean {
  const held = liveLayers(tx, deps, { images: false });
  return (layer) => held.has(layer) || !catalog.layers.has(layer);
}

function apply(tx: Tx, step: RemovalStep): void {
  if (step.kind === 'untag') {
    tx.delete(REFERENCES, referenceKey(step.name.reference));
    return;
  }
  tx.delete(IMAGES, step.image);
  for (const chainId of step.layers) tx.delete(LAYERS, chainId);
}

/** The image's labels go along although its record is gone. */
function publish(deps: ImagesDeps, catalog: Catalog, steps: readonly RemovalStep[]): void {
  for (const step of steps) {
    const id = step.kind === 'untag' ? step.name.image : step.image;
    const labels = catalog.images.get(id)?.labels ?? {};
    deps.events.publish('image', step.kind === 'untag' ? 'untag' : 'delete', id, { ...labels, name: id });
  }
}

/** Blobs that may have become needless. */
function blobsOf(catalog: Catalog, step: RemovalStep): Digest[] {
  if (step.kind === 'untag') return [step.name.target.digest];
  const image = catalog.images.get(step.image);
  const layers = step.layers.flatMap((chainId) => catalog.layers.get(chainId)?.blob.digest ?? []);
  return [step.image, ...(image?.manifests ?? []).map(({ digest }) => digest), ...layers];
}

function linesOf(step: RemovalStep): Removed[] {
  if (step.kind === 'untag') return [{ kind: 'untagged', name: familiarString(step.name.reference) }];
  return [step.image, ...step.layers].map((digest) => ({ kind: 'deleted', digest }));
}
