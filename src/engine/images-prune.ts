import type { Ctx } from '../base/ctx.ts';
import { isEngineError } from '../base/errors.ts';
import type { Filters } from '../containers/filters.ts';
import { familiarString } from '../formats/reference.ts';
import { childrenOf, isDangling, readCatalog, referencesOf } from '../images/catalog.ts';
import { sweep } from './gc.ts';
import type { ImagesDeps } from './images-deps.ts';
import { compileImageFilter, PRUNE_FILTERS } from './images-filter.ts';
import { type Removed, type RemoveResult, removeImage } from './images-remove.ts';

export interface ImagesPruned {
  readonly removed: readonly Removed[];
  /** Bytes. */
  readonly freed: number;
}

/**
 * Removes images that no container uses: those without tag, or with filter `dangling=false` all. What interrupted pulls
 * left goes too. Filters: `dangling`, `label`, `label!`, `until`. Errors: `invalid` (filter).
 */
export function pruneImages(ctx: Ctx, deps: ImagesDeps, filters: Filters): Promise<ImagesPruned> {
  return deps.locks.run('prune images', () => prune(ctx, deps, filters));
}

async function prune(ctx: Ctx, deps: ImagesDeps, filters: Filters): Promise<ImagesPruned> {
  const filter = compileImageFilter(deps.store, filters, PRUNE_FILTERS);
  const catalog = readCatalog(deps.store);
  const removed: Removed[] = [];
  let freed = 0;
  for (const image of catalog.images.values()) {
    const { id } = image;
    const names = referencesOf(catalog, id);
    if (names.length === 0 && childrenOf(catalog, id).length > 0) continue;
    if (!filter.matches(image) || (filter.dangling !== false && !isDangling(catalog, id))) continue;
    if (deps.usersOf(id).length > 0) continue;
    const texts = names.length > 0 ? names.map(({ reference }) => familiarString(reference)) : [id];
    for (const text of texts) {
      const result = await removeUnlessNeeded(ctx, deps, text);
      removed.push(...result.removed);
      freed += result.freed;
    }
  }
  const swept = await sweep(ctx, deps, { keepBlobsMs: 0 });
  const reclaimed = freed + swept.bytes;
  deps.events.publish('image', 'prune', '', { reclaimed: String(reclaimed) });
  return { removed, freed: reclaimed };
}

/** A name may have gone with an earlier one; an image may have found a user meanwhile. */
async function removeUnlessNeeded(ctx: Ctx, deps: ImagesDeps, text: string): Promise<RemoveResult> {
  try {
    return await removeImage(ctx, deps, text, { force: false, noPrune: false });
  } catch (error) {
    if (isEngineError(error, 'not-found', 'conflict')) return { removed: [], freed: 0 };
    throw error;
  }
}
