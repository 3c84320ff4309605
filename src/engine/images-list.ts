import type { Filters } from '../containers/filters.ts';
import type { Reference } from '../formats/reference.ts';
import { type Catalog, childrenOf, layerUses, readCatalog, referencesOf } from '../images/catalog.ts';
import { type ImageRecord, layersOf } from '../images/image-record.ts';
import { isDigested } from '../images/reference-record.ts';
import type { ImagesDeps } from './images-deps.ts';
import { compileImageFilter, createdNano, type ImageFilter, LIST_FILTERS } from './images-filter.ts';

export interface ImageListOptions {
  /** Intermediate images too. */
  readonly all: boolean;
  readonly sharedSize: boolean;
  readonly filters: Filters;
}

export interface ImageListing {
  readonly record: ImageRecord;
  readonly tags: readonly Reference[];
  readonly digests: readonly Reference[];
  /** Unpacked bytes of layers that other images have too; where it was asked for. */
  readonly sharedSize?: number;
  /** How many containers are made from it. */
  readonly containers: number;
}

/** Images, newest first. Errors: `invalid` (filter), `not-found` (before, since). */
export function listImages(deps: ImagesDeps, options: ImageListOptions): ImageListing[] {
  const filter = compileImageFilter(deps.store, options.filters, LIST_FILTERS);
  const catalog = readCatalog(deps.store);
  const uses = options.sharedSize ? layerUses(catalog) : undefined;
  return [...catalog.images.values()]
    .filter((image) => filter.matches(image))
    .map(
      (record): ImageListing => ({
        record,
        ...shownNames(catalog, record, filter),
        ...(uses && { sharedSize: sharedSize(catalog, record, uses) }),
        containers: deps.usersOf(record.id).length,
      }),
    )
    .filter((listing) => isListed(catalog, listing, filter, options.all))
    .sort(newestFirst);
}

/** Unpacked bytes of all layers of all images, each counted once. */
export function layersSize(deps: ImagesDeps): number {
  return [...readCatalog(deps.store).layers.values()].reduce((sum, { size }) => sum + size, 0);
}

function shownNames(
  catalog: Catalog,
  { id }: ImageRecord,
  filter: ImageFilter,
): Pick<ImageListing, 'tags' | 'digests'> {
  const names = referencesOf(catalog, id)
    .map(({ reference }) => reference)
    .filter((reference) => filter.shows(reference));
  return {
    tags: names.filter((name) => !isDigested(name)),
    digests: names.filter(isDigested),
  };
}

function isListed(catalog: Catalog, listing: ImageListing, filter: ImageFilter, all: boolean): boolean {
  const { record, tags, digests } = listing;
  if (tags.length > 0) return filter.dangling !== true;
  if (digests.length > 0) return true;
  return !filter.byName && filter.dangling !== false && (all || childrenOf(catalog, record.id).length === 0);
}

function sharedSize(catalog: Catalog, image: ImageRecord, uses: ReturnType<typeof layerUses>): number {
  return layersOf(image)
    .filter((chainId) => (uses.get(chainId) ?? 0) > 1)
    .reduce((sum, chainId) => sum + (catalog.layers.get(chainId)?.size ?? 0), 0);
}

function newestFirst(a: ImageListing, b: ImageListing): number {
  const [left, right] = [createdNano(a.record), createdNano(b.record)];
  if (left !== right) return left > right ? -1 : 1;
  return a.record.id < b.record.id ? -1 : 1;
}
