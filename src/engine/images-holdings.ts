import { type Ctx, detached } from '../base/ctx.ts';
import { UndoStack } from '../base/undo.ts';
import type { ChainId, Digest } from '../formats/digest.ts';
import type { Lease } from '../store/leases.ts';
import { releaseBlobs, releaseLayers } from './gc.ts';
import type { ImagesDeps } from './images-deps.ts';

/** What one operation holds until its records are committed. */
export interface Holdings {
  readonly blobs: Lease<Digest>;
  readonly layers: Lease<ChainId>;
}

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
