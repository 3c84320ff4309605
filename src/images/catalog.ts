import type { ChainId, ImageId } from '../formats/digest.ts';
import { canonicalString } from '../formats/reference.ts';
import type { Reader } from '../store/store.ts';
import { IMAGES, type ImageRecord, layersOf } from './image-record.ts';
import { LAYERS, type LayerRecord } from './layer-record.ts';
import { isDigested, REFERENCES, type ReferenceRecord } from './reference-record.ts';

/** All that is known about images at one moment: what lists, removals and sweeps are computed from. */
export interface Catalog {
  readonly images: ReadonlyMap<ImageId, ImageRecord>;
  /** By image, in the order of their names. */
  readonly references: ReadonlyMap<ImageId, readonly ReferenceRecord[]>;
  /** Images whose parent is the key. */
  readonly children: ReadonlyMap<ImageId, readonly ImageId[]>;
  readonly layers: ReadonlyMap<ChainId, LayerRecord>;
}

/** Reads the whole catalog: within a transaction, its state cannot change before what follows from it is written. */
export function readCatalog(read: Reader): Catalog {
  const images = new Map(read.range(IMAGES));
  const references = [...read.range(REFERENCES)].map(([, record]) => record);
  const parents = [...images.values()].filter((image) => image.parent !== undefined);
  return {
    images,
    references: groupBy(references.sort(byName), (record) => record.image),
    children: new Map(
      [...groupBy(parents, (image) => image.parent ?? image.id)].map(([id, group]) => [
        id,
        group.map((child) => child.id),
      ]),
    ),
    layers: new Map(read.range(LAYERS)),
  };
}

export function referencesOf(catalog: Catalog, id: ImageId): readonly ReferenceRecord[] {
  return catalog.references.get(id) ?? [];
}

export function childrenOf(catalog: Catalog, id: ImageId): readonly ImageId[] {
  return catalog.children.get(id) ?? [];
}

/** No tag points at it; names by digest do not count. */
export function isDangling(catalog: Catalog, id: ImageId): boolean {
  return referencesOf(catalog, id).every(({ reference }) => isDigested(reference));
}

/** In how many images each layer is. */
export function layerUses(catalog: Catalog): Map<ChainId, number> {
  const uses = new Map<ChainId, number>();
  for (const image of catalog.images.values()) {
    for (const layer of layersOf(image)) uses.set(layer, (uses.get(layer) ?? 0) + 1);
  }
  return uses;
}

function byName(a: ReferenceRecord, b: ReferenceRecord): number {
  return canonicalString(a.reference) < canonicalString(b.reference) ? -1 : 1;
}

function groupBy<K, V>(items: readonly V[], keyOf: (item: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
