import type { ImageId } from '../formats/digest.ts';
import type { Reference } from '../formats/reference.ts';
import { type Catalog, referencesOf } from './catalog.ts';
import type { ImageConfig } from './config.ts';
import { type ImageRecord, layersOf } from './image-record.ts';
import { isDigested } from './reference-record.ts';

/** One step of an image's making. */
export interface HistoryItem {
  /** The image this step ended in, where it is here: always for the newest step. */
  readonly id?: ImageId;
  readonly createdAt?: string;
  readonly createdBy: string;
  readonly comment: string;
  /** Unpacked bytes of the step's layer, 0 where it made none. */
  readonly size: number;
  /** Names of {@link id}. */
  readonly tags: readonly Reference[];
}

/** The steps an image was made in, newest first. Steps of the classic builder carry the IDs of their intermediate images. */
export function imageHistory(catalog: Catalog, image: ImageRecord, config: ImageConfig): HistoryItem[] {
  const sizes = layersOf(image).map((chainId) => catalog.layers.get(chainId)?.size ?? 0);
  const steps = config.history.map(
    (entry): Omit<HistoryItem, 'id' | 'tags'> => ({
      ...(entry.createdAt !== undefined && { createdAt: entry.createdAt }),
      createdBy: entry.createdBy,
      comment: entry.comment,
      size: entry.emptyLayer ? 0 : (sizes.shift() ?? 0),
    }),
  );
  let at: ImageRecord | undefined = image;
  return steps.reverse().map((step) => {
    const { id } = at ?? {};
    at = at?.parent === undefined ? undefined : catalog.images.get(at.parent);
    return { ...step, ...(id !== undefined && { id }), tags: id === undefined ? [] : tagsOf(catalog, id) };
  });
}

/** The names by tag of an image, in order. */
export function tagsOf(catalog: Catalog, id: ImageId): Reference[] {
  return referencesOf(catalog, id)
    .map(({ reference }) => reference)
    .filter((reference) => !isDigested(reference));
}
