import type { Descriptor } from '../formats/descriptor.ts';
import type { ImageId } from '../formats/digest.ts';
import type { Reference } from '../formats/reference.ts';
import type { ImageRecord } from '../images/image-record.ts';
import { type NewImage, putImage, putReference } from '../images/put.ts';
import type { Tx } from '../store/store.ts';
import type { ImagesDeps } from './images-deps.ts';

/** An image whose blobs are stored and whose layers are registered. */
export interface FinishedImage {
  readonly image: NewImage;
  /** What the names stand for: the image's manifest, or the index it was chosen from. */
  readonly target: Descriptor;
  readonly names: readonly Reference[];
}

export interface CommittedImage {
  readonly record: ImageRecord;
  /** The image was not here, or some name of it meant another one. */
  readonly news: boolean;
  /** Names that other images have lost to this one. */
  readonly taken: readonly { readonly name: Reference; readonly from: ImageId }[];
}

/**
 * The last step of every way in: images and names appear together. Killed before, nothing shows and what was made is
 * swept; killed after, everything is there.
 */
export function commitImages(
  deps: ImagesDeps,
  finished: readonly FinishedImage[],
): Promise<CommittedImage[]> {
  return deps.store.transaction((tx) => finished.map((each) => commit(tx, each)));
}

function commit(tx: Tx, { image, target, names }: FinishedImage): CommittedImage {
  const record = putImage(tx, image);
  const before = names.map((name) => ({ name, from: putReference(tx, name, target, image.id)?.image }));
  return {
    record,
    news: before.some(({ from }) => from !== image.id) || names.length === 0,
    taken: before.flatMap(({ name, from }) => (from && from !== image.id ? [{ name, from }] : [])),
  };
}
