import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { familiarString, type Reference, withDefaultTag } from '../formats/reference.ts';
import { findImage } from '../images/lookup.ts';
import { putReference } from '../images/put.ts';
import type { ImagesDeps } from './images-deps.ts';
import { imageEvent } from './images-events.ts';

/**
 * Gives the image that `source` means another name; an image that had it loses it. Errors: `not-found`, `invalid` (a
 * digest in the new name).
 */
export async function tagImage(_ctx: Ctx, deps: ImagesDeps, source: string, name: Reference): Promise<void> {
  const reference = withDefaultTag(name);
  if (reference.digest !== undefined) {
    throw new EngineError('invalid', 'refusing to create a tag with a digest reference');
  }
  if (reference.path === 'library/sha256') {
    throw new EngineError('invalid', 'refusing to create an ambiguous tag using digest algorithm as name');
  }
  const id = await deps.store.transaction((tx) => {
    const found = findImage(tx, source);
    const target = found.by === 'reference' ? found.name.target : found.image.manifests[0];
    if (!target) throw new EngineError('data-loss', `image ${found.image.id}: it has no manifest`);
    putReference(tx, reference, target, found.image.id);
    return found.image.id;
  });
  imageEvent(deps, 'tag', id, familiarString(reference));
}
