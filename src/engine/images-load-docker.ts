import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { asImageId, type ImageId, parseDigest } from '../formats/digest.ts';
import { checkHistory, MAX_CONFIG_SIZE, parseImageConfig } from '../images/config.ts';
import { type ArchivedImage, MAX_ARCHIVE_JSON, parseDockerManifest } from '../images/docker-archive.ts';
import { IMAGES } from '../images/image-record.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { Holdings } from './images-holdings.ts';
import {
  type ArchiveImage,
  blobOfMember,
  checkClaim,
  layerInMember,
  storeDocument,
  storeManifest,
} from './images-load.ts';
import type { SpooledArchive } from './images-spool.ts';

export const DOCKER_MANIFEST_FILE = 'manifest.json';

/** The images of a Docker archive (`docker save` since 1.10, podman, skopeo, kaniko …). Errors: `invalid`, naming entry or field. */
export async function dockerImages(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
): Promise<ArchiveImage[]> {
  const manifest = await archive.read(DOCKER_MANIFEST_FILE, MAX_ARCHIVE_JSON, 'the list of images');
  const images: ArchiveImage[] = [];
  for (const [i, archived] of parseDockerManifest(manifest).entries()) {
    images.push(await dockerImage(ctx, deps, held, archive, archived, `${DOCKER_MANIFEST_FILE}[${i}]`));
  }
  const ids = new Set(images.map(({ image }) => image.id));
  return images.map((each) => withoutStranger(each, (id) => ids.has(id) || deps.store.has(IMAGES, id)));
}

/** A parent counts when it is here, or comes along. */
function withoutStranger(each: ArchiveImage, isKnown: (id: ImageId) => boolean): ArchiveImage {
  const { parent, ...image } = each.image;
  return parent === undefined || isKnown(parent) ? each : { ...each, image };
}

async function dockerImage(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
  archived: ArchivedImage,
  at: string,
): Promise<ArchiveImage> {
  const bytes = await archive.read(archived.config, MAX_CONFIG_SIZE, `${at}.Config`);
  const what = `image archive: entry ${JSON.stringify(archived.config)}`;
  const config = parseImageConfig(bytes, what);
  checkHistory(config, what);
  if (archived.layers.length !== config.diffIds.length) {
    const counts = `${archived.layers.length} entries, but the config has ${config.diffIds.length} diff_ids`;
    throw new EngineError('invalid', `${at}.Layers: ${counts}`);
  }
  const layers = [];
  for (const [i, diffId] of config.diffIds.entries()) {
    const member = archive.members.find(archived.layers[i] ?? '', `${at}.Layers[${i}]`);
    const blob = await blobOfMember(ctx, archive, member, diffId);
    layers.push(layerInMember(deps, archive, member, blob, diffId));
  }
  const stored = await storeDocument(ctx, deps, held, bytes);
  checkClaim(archived.config, stored.digest);
  const manifest = await storeManifest(
    ctx,
    deps,
    held,
    stored,
    layers.map(({ blob }) => blob),
  );
  const parent = archived.parent && asImageId(parseDigest(archived.parent, `${at}.Parent`));
  const id = asImageId(stored.digest);
  return {
    image: { id, config, configSize: stored.size, manifest, ...(parent && { parent }) },
    target: manifest,
    names: archived.names,
    layers,
  };
}
