import type { Descriptor } from '../formats/descriptor.ts';
import type { Reference } from '../formats/reference.ts';
import type { ImageRecord } from '../images/image-record.ts';
import { type NewImage, putImage, putReference } from '../images/put.ts';
import type { ImagesDeps } from './images-deps.ts';

export interface CommittedImage {
  readonly image: ImageRecord;
  /** Some name means another image than before. */
  readonly news: boolean;
}

/**
 * The last step of every way an image comes in: blobs are stored and layers registered, now image and names appear
 * together. Killed before, nothing shows; killed after, everything is there.
 */
export function commitImage(
  deps: ImagesDeps,
  image: NewImage,
  target: Descriptor,
  names: readonly Reference[],
): Promise<CommittedImage> {
  return deps.store.transaction((tx) => {
    const record = putImage(tx, image);
    const before = names.map((name) => putReference(tx, name, target, image.id));
    return { image: record, news: before.length === 0 || before.some((name) => name?.image !== image.id) };
  });
}
