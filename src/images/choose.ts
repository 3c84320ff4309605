import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { ImageIndex } from '../formats/manifest.ts';
import { manifestKind } from '../formats/media-types.ts';
import { formatPlatform, type Platform, platformRank } from '../formats/platform.ts';

/**
 * The entry of an index that suits `wanted` best; of equals, the first. An entry that names no platform stands in when
 * none fits (image layouts often have just one such). Attestations and artifacts are never chosen. Throws `not-found`
 * in dockerd's words, with the platforms there are.
 */
export function chooseManifest(index: ImageIndex, wanted: Platform): Descriptor {
  let best: { entry: Descriptor; rank: number } | undefined;
  const candidates = index.manifests.filter(isCandidate);
  for (const entry of candidates) {
    const rank = rankOf(entry, wanted);
    if (rank !== undefined && (best === undefined || rank < best.rank)) best = { entry, rank };
  }
  if (best) return best.entry;
  const offered = new Set(candidates.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : [])));
  const entries = [...offered].slice(0, 20).join(', ') || 'none';
  const message = `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries: ${entries}`;
  throw new EngineError('not-found', message);
}

/** BuildKit's attestations say of themselves `unknown/unknown`. */
function isCandidate({ mediaType, artifactType, platform }: Descriptor): boolean {
  return manifestKind(mediaType) !== undefined && artifactType === undefined && platform?.os !== 'unknown';
}

function rankOf(entry: Descriptor, wanted: Platform): number | undefined {
  if (!entry.platform) return Number.MAX_SAFE_INTEGER;
  return platformRank(entry.platform, wanted);
}
