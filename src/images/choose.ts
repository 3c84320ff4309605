import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { ImageIndex } from '../formats/manifest.ts';
import { manifestKind } from '../formats/media-types.ts';
import { formatPlatform, type Platform, platformRank } from '../formats/platform.ts';

/**
 * The entry of an index that suits `wanted` best; of equals, the first. An entry that names no platform stands in when
 * none fits (image layouts often have just one such). Attestations and artifacts are never chosen. Throws `not-found`
 * in dockerd's words.
 */
export function chooseManifest(index: ImageIndex, wanted: Platform): Descriptor {
  let best: { entry: Descriptor; rank: number } | undefined;
  for (const entry of index.manifests.filter(isCandidate)) {
    const rank = rankOf(entry, wanted);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { entry, rank };
  }
  if (best) return best.entry;
  const message = `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries`;
  throw new EngineError('not-found', message);
}

function isCandidate(entry: Descriptor): boolean {
  return manifestKind(entry.mediaType) !== undefined && entry.artifactType === undefined;
}

function rankOf(entry: Descriptor, wanted: Platform): number | undefined {
  if (!entry.platform) return Number.MAX_SAFE_INTEGER;
  return platformRank(entry.platform, wanted);
}
