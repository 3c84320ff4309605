import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { type ImageId, shortId } from '../formats/digest.ts';
import { hostPlatform, type Platform } from '../formats/platform.ts';
import { familiarString } from '../formats/reference.ts';
import { REPOSITORIES } from '../images/legacy-archive.ts';
import { LAYOUT_INDEX, LAYOUT_MARK } from '../images/oci-layout.ts';
import { type CommittedImage, commitImages } from './images-commit.ts';
import type { ImagesDeps } from './images-deps.ts';
import { imageEvent } from './images-events.ts';
import { type Holdings, withHoldings } from './images-holdings.ts';
import { installLayers } from './images-layers.ts';
import type { ArchiveImage } from './images-load.ts';
import { DOCKER_MANIFEST_FILE, dockerImages } from './images-load-docker.ts';
import { legacyImages } from './images-load-legacy.ts';
import { layoutImages } from './images-load-oci.ts';
import { type Report, reportLayers } from './images-progress.ts';
import { type SpooledArchive, spoolArchive } from './images-spool.ts';

export interface LoadOptions {
  /** Of an image for several platforms, the one to load; absent: the host's. */
  readonly platform?: Platform;
}

/**
 * `docker load`: an archive of images, as a whole compressed or not, comes in: spool → read its list → layers → records,
 * of all images together. An archive that is an OCI layout is read as one, though it be a Docker archive too. On any
 * failure nothing of it stays. Errors: `invalid` and `data-loss` (naming the entry), `not-found` (platform), `no-space`.
 */
export async function loadImages(
  ctx: Ctx,
  deps: ImagesDeps,
  stream: AsyncIterable<Uint8Array>,
  options: LoadOptions,
  report: Report,
): Promise<ImageId[]> {
  await using archive = await spoolArchive(ctx, deps, stream);
  const [images, committed] = await withHoldings(ctx, deps, 'drop', async (held) => {
    const found = await imagesOf(ctx, deps, held, archive, options.platform ?? hostPlatform());
    for (const { layers } of found) {
      const ids = layers.map(({ diffId }) => shortId(diffId));
      await installLayers(ctx, deps, held, layers, reportLayers(ids, loading(report)));
    }
    return [found, await commitImages(deps, found)];
  });
  for (const [i, each] of committed.entries()) announce(deps, report, images[i], each);
  return committed.map(({ record }) => record.id);
}

/** Reads the archive's list of images, of whichever kind it is. */
async function imagesOf(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
  platform: Platform,
): Promise<ArchiveImage[]> {
  const { members } = archive;
  if (members.has(LAYOUT_MARK) && members.has(LAYOUT_INDEX)) {
    const images = await layoutImages(ctx, deps, held, archive, platform);
    if (images.length > 0) return images;
  }
  if (members.has(DOCKER_MANIFEST_FILE)) return dockerImages(ctx, deps, held, archive);
  if (members.has(REPOSITORIES)) return legacyImages(ctx, deps, held, archive);
  const wanted = `neither ${DOCKER_MANIFEST_FILE} nor ${LAYOUT_INDEX} with images, nor ${REPOSITORIES}`;
  throw new EngineError('invalid', `this is no archive of images: it has ${wanted}`);
}

/** Of a layer on its way in, only how far it is. */
function loading(report: Report): Report {
  return (progress) => {
    if (progress.kind !== 'status' || progress.total === undefined) return;
    report({ ...progress, status: 'Loading layer' });
  };
}

function announce(
  deps: ImagesDeps,
  report: Report,
  image: ArchiveImage | undefined,
  committed: CommittedImage,
): void {
  const { id } = committed.record;
  for (const { name, from } of committed.taken) {
    const text = `The image ${familiarString(name)} already exists, renaming the old one with ID ${from} to empty string\n`;
    report({ kind: 'text', text });
  }
  for (const name of image?.names ?? [])
    report({ kind: 'text', text: `Loaded image: ${familiarString(name)}\n` });
  if (image?.names.length === 0) report({ kind: 'text', text: `Loaded image ID: ${id}\n` });
  imageEvent(deps, 'load', id, id);
}
