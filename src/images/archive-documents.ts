import type { Descriptor } from '../formats/descriptor.ts';
import type { ImageId } from '../formats/digest.ts';
import { OCI_INDEX } from '../formats/media-types.ts';
import { canonicalString, familiarString, type Reference } from '../formats/reference.ts';
import { LAYOUT_INDEX, LAYOUT_MARK, layoutBlob } from './oci-layout.ts';

/** An image as it goes into an archive. */
export interface SavedImage {
  readonly id: ImageId;
  readonly config: Descriptor;
  readonly manifest: Descriptor;
  /** The layers' blobs, bottom first. */
  readonly layers: readonly Descriptor[];
  /** By tag. */
  readonly names: readonly Reference[];
  readonly parent?: ImageId;
}

/**
 * The files that make a directory of blobs both an OCI image layout and a Docker archive, by name in order: the same
 * images always give the same bytes.
 */
export function archiveDocuments(images: readonly SavedImage[]): ReadonlyMap<string, string> {
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: images.flatMap(indexEntries) };
  return new Map([
    [LAYOUT_INDEX, JSON.stringify(index)],
    ['manifest.json', JSON.stringify(images.map(dockerEntry))],
    [LAYOUT_MARK, JSON.stringify({ imageLayoutVersion: '1.0.0' })],
  ]);
}

/** One per name, as containerd and docker write them. */
function indexEntries({ manifest, names }: SavedImage): object[] {
  const { mediaType, digest, size } = manifest;
  const entry = { mediaType, digest, size };
  if (names.length === 0) return [entry];
  return names.map((name) => ({
    ...entry,
    annotations: {
      'io.containerd.image.name': canonicalString(name),
      'org.opencontainers.image.ref.name': name.tag,
    },
  }));
}

function dockerEntry({ id, layers, names, parent }: SavedImage): object {
  return {
    Config: layoutBlob(id),
    RepoTags: names.length > 0 ? names.map(familiarString) : null,
    Layers: layers.map(({ digest }) => layoutBlob(digest)),
    ...(parent !== undefined && { Parent: parent }),
  };
}
