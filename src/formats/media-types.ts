/**
 * Media types of images in registries and image layouts. Sources: OCI image-spec `media-types.md`; Docker's
 * "Image Manifest Version 2, Schema 2" and "Schema 1" documents.
 */
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_MANIFEST_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
export const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

const SCHEMA1: readonly string[] = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
];

const NONDISTRIBUTABLE: readonly string[] = [
  'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
];

const LAYERS: readonly string[] = [
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  'application/vnd.docker.image.rootfs.diff.tar.zstd',
];

/** What a registry is asked for, most wanted first. Schema 1 is not asked for. */
export const MANIFEST_ACCEPT = [OCI_INDEX, DOCKER_MANIFEST_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

export type ManifestKind = 'manifest' | 'index' | 'schema1';

/** What a manifest media type stands for; undefined when it is none we know. */
export function manifestKind(mediaType: string): ManifestKind | undefined {
  if (mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST) return 'manifest';
  if (mediaType === OCI_INDEX || mediaType === DOCKER_MANIFEST_LIST) return 'index';
  return SCHEMA1.includes(mediaType) ? 'schema1' : undefined;
}

/** True for the config of something that can run, as against an artifact's (a chart, a signature …). */
export function isImageConfig(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/** True for a file-system layer, whatever its compression (which is sniffed from the bytes, never taken from here). */
export function isLayer(mediaType: string): boolean {
  return LAYERS.includes(mediaType) || isNondistributable(mediaType);
}

/** True for a layer that its registry does not keep ("foreign", "nondistributable"): only its `urls` have the bytes. */
export function isNondistributable(mediaType: string): boolean {
  return NONDISTRIBUTABLE.includes(mediaType);
}
