import type { Ctx } from '../base/ctx.ts';
import { asImageId, type ImageId } from '../formats/digest.ts';
import { hostPlatform, type Platform } from '../formats/platform.ts';
import { type Reference, withDefaultTag } from '../formats/reference.ts';
import { applyChanges, NO_DEFAULTS } from '../images/changes.ts';
import type { ImageConfig } from '../images/config.ts';
import { imageConfigJson } from '../images/config-json.ts';
import { addLayer } from './images-add-layer.ts';
import { commitImages } from './images-commit.ts';
import type { ImagesDeps } from './images-deps.ts';
import { imageEvent } from './images-events.ts';
import { withHoldings } from './images-holdings.ts';
import { storeDocument, storeManifest } from './images-load.ts';

export interface ImportRequest {
  /** A root file system, compressed or not. */
  readonly tar: AsyncIterable<Uint8Array>;
  /** Absent: the image gets no name. */
  readonly name?: Reference;
  /** Dockerfile instructions for the config (`--change`). */
  readonly changes: readonly string[];
  readonly message: string;
  /** Absent: the host's. */
  readonly platform?: Platform;
}

/** `docker import`: an image of one layer out of a root file system. Errors: `invalid` (change, tar entry), `no-space`. */
export async function importImage(ctx: Ctx, deps: ImagesDeps, request: ImportRequest): Promise<ImageId> {
  const defaults = applyChanges(NO_DEFAULTS, request.changes);
  const [committed] = await withHoldings(ctx, deps, 'drop', async (held) => {
    const layer = await addLayer(ctx, deps, held, undefined, request.tar);
    const createdAt = new Date().toISOString();
    const config: ImageConfig = {
      platform: request.platform ?? hostPlatform(),
      createdAt,
      author: '',
      comment: request.message,
      dockerVersion: '',
      defaults,
      diffIds: [layer.diffId],
      history: [{ createdAt, createdBy: '', author: '', comment: request.message, emptyLayer: false }],
    };
    const stored = await storeDocument(ctx, deps, held, imageConfigJson(config));
    const manifest = await storeManifest(ctx, deps, held, stored, [layer.blob]);
    const image = { id: asImageId(stored.digest), config, configSize: stored.size, manifest };
    const names = request.name ? [withDefaultTag(request.name)] : [];
    return commitImages(deps, [{ image, target: manifest, names }]);
  });
  if (!committed) throw new Error('nothing was committed');
  const { id } = committed.record;
  imageEvent(deps, 'import', id, id);
  return id;
}
