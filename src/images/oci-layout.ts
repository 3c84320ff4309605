import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type Digest, splitDigest } from '../formats/digest.ts';
import { type ImageIndex, parseManifest } from '../formats/manifest.ts';
import { manifestKind, OCI_INDEX } from '../formats/media-types.ts';
import { type Platform, platformRank } from '../formats/platform.ts';
import type { Reference } from '../formats/reference.ts';
import { parseName } from './docker-archive.ts';

/** One image of an OCI image layout's `index.json`, for one platform or several. */
export interface LayoutEntry {
  /** A manifest or an index. */
  readonly descriptor: Descriptor;
  readonly names: readonly Reference[];
}

export const LAYOUT_INDEX = 'index.json';
export const LAYOUT_MARK = 'oci-layout';

/** Annotations that name an image: the whole name (containerd, BuildKit, docker save), and OCI's, often only a tag. */
const FULL_NAME = 'io.containerd.image.name';
const REF_NAME = 'org.opencontainers.image.ref.name';

/** Where a blob lies in a layout (OCI image-spec, image-layout.md#blobs). */
export function layoutBlob(digest: Digest): string {
  const [algorithm, hex] = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/**
 * The images of `index.json`. Entries of one name for several platforms are one image: the one that suits `wanted` best.
 * What is no image (attestations, artifacts) is left out. Throws `invalid` naming the field.
 */
export function parseLayoutIndex(bytes: Uint8Array, wanted: Platform): LayoutEntry[] {
  const index = parseManifest(bytes, OCI_INDEX, LAYOUT_INDEX);
  if (index.kind !== 'index') throw new EngineError('invalid', `${LAYOUT_INDEX}: this is no index`);
  const entries = imagesOf(index).map(
    (descriptor, i): LayoutEntry => ({
      descriptor,
      names: namesOf(descriptor, `${LAYOUT_INDEX}: manifests[${i}].annotations`),
    }),
  );
  return mergeNames(onePerName(entries, wanted));
}

function imagesOf(index: ImageIndex): Descriptor[] {
  return index.manifests.filter(
    ({ mediaType, artifactType, platform }) =>
      manifestKind(mediaType) !== undefined && artifactType === undefined && platform?.os !== 'unknown',
  );
}

function namesOf({ annotations = {} }: Descriptor, path: string): Reference[] {
  const full = annotations[FULL_NAME];
  if (full !== undefined) return [parseName(full, `${path}[${JSON.stringify(FULL_NAME)}]`)];
  const name = annotations[REF_NAME];
  // A bare word is a tag of a repository that nobody says.
  if (name === undefined || !/[:/]/.test(name)) return [];
  return [parseName(name, `${path}[${JSON.stringify(REF_NAME)}]`)];
}

function onePerName(entries: readonly LayoutEntry[], wanted: Platform): LayoutEntry[] {
  const best = new Map<string, LayoutEntry>();
  const nameless: LayoutEntry[] = [];
  for (const entry of entries) {
    const key = JSON.stringify(entry.names);
    const known = best.get(key);
    if (entry.names.length === 0) nameless.push(entry);
    else if (!known || rank(entry, wanted) < rank(known, wanted)) best.set(key, entry);
  }
  return [...nameless, ...best.values()];
}

function rank({ descriptor }: LayoutEntry, wanted: Platform): number {
  const { platform } = descriptor;
  return platform ? (platformRank(platform, wanted) ?? Number.MAX_SAFE_INTEGER) : 0;
}

/** An image with several names stands in the index once for each. */
function mergeNames(entries: readonly LayoutEntry[]): LayoutEntry[] {
  const byDigest = new Map<Digest, LayoutEntry>();
  for (const { descriptor, names } of entries) {
    const known = byDigest.get(descriptor.digest);
    byDigest.set(descriptor.digest, { descriptor, names: [...(known?.names ?? []), ...names] });
  }
  return [...byDigest.values()];
}
