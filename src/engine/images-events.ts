import type { ImageId } from '../formats/digest.ts';
import { IMAGES } from '../images/image-record.ts';
import type { ImagesDeps } from './images-deps.ts';

export type ImageAction = 'pull' | 'push' | 'tag' | 'untag' | 'delete' | 'load' | 'save' | 'import';

/**
 * Publishes an image event. `actor` is the image ID (the name for `pull` and `push`), `name` what the event calls it;
 * the image's labels go along while it is there.
 */
export function imageEvent(
  deps: ImagesDeps,
  action: ImageAction,
  image: ImageId,
  name: string,
  actor: string = image,
): void {
  const labels = deps.store.get(IMAGES, image)?.labels ?? {};
  deps.events.publish('image', action, actor, { ...labels, name });
}
