import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { ImageIndex } from '../formats/manifest.ts';
import { manifestKind } from '../formats/media-types.ts';
import { formatPlatform, type Platform, platformRank } from '../formats/platform.ts';

/** BuildKit's mark on entries that are about an image, not one (provenance, bills of materials). */
const REFERENCE_TYPE = 'vnd.docker.reference.type';

/**
 * The entry of `index` to pull for `wanted`: the best that runs there, the first of equals. Attestations (their platform is
 * `unknown/unknown`) and entries that are no images are passed over. An entry without platform counts only when nothing
 * else is there to choose from. Throws `not-found` in Docker's words, naming what there is.
 */
export function chooseManifest(index: ImageIndex, wanted: Platform): Descriptor {
  const images = index.manifests.filter(isImage);
  let best: { entry: Descriptor; rank: number } | undefined;
  for (const entry of images) {
    const rank = entry.platform && platformRank(entry.platform, wanted);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { entry, rank };
  }
  const [only] = images;
  const chosen = best?.entry ?? (images.length === 1 && only?.platform === undefined ? only : undefined);
  if (chosen) return chosen;
  const offered = images.map(({ platform }) => (platform ? formatPlatform(platform) : 'unknown'));
  throw new EngineError(
    'not-found',
    `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries: ` +
      (offered.length === 0 ? 'it has no images' : `it has ${[...new Set(offered)].join(', ')}`),
  );
}

/** The platforms there are images for. */
export function platformsOf(index: ImageIndex): Platform[] {
  return index.manifests.filter(isImage).flatMap(({ platform }) => (platform ? [platform] : []));
}

function isImage({ mediaType, platform, annotations }: Descriptor): boolean {
  const kind = manifestKind(mediaType);
  if (kind !== 'manifest' && kind !== 'index') return false;
  if (annotations?.[REFERENCE_TYPE] !== undefined) return false;
  return platform?.os !== 'unknown' && platform?.architecture !== 'unknown';
}
