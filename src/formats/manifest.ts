import { EngineError } from '../base/errors.ts';
import { type Descriptor, parseDescriptor } from './descriptor.ts';
import { type JsonObject, jsonArray, optionalString, parseJsonObject, present, stringMap } from './json.ts';
import { DOCKER_MANIFEST, manifestKind, OCI_INDEX, OCI_MANIFEST } from './media-types.ts';

/** An image for one platform: OCI image manifest or Docker schema 2. */
export interface ImageManifest {
  readonly kind: 'manifest';
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Bottom first. */
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An image for several platforms: OCI index or Docker manifest list. */
export interface ImageIndex {
  readonly kind: 'index';
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export type Manifest = ImageManifest | ImageIndex;

/** Largest manifest taken, in bytes (OCI distribution-spec asks registries for no more than 4 MiB). */
export const MAX_MANIFEST_SIZE = 4 << 20;

const MAX_LAYERS = 4096;
const MAX_MANIFESTS = 4096;

/**
 * Parses a manifest or index. `declared` is the media type it was announced with (Content-Type, descriptor; undefined
 * when none was); the document's own `mediaType` must agree. A document that could be read as both an image and an
 * index is refused, since a signature over its digest would then not say which is meant (CVE-2021-41190). Throws
 * `invalid` naming `what` and the field; `not-implemented` for schema 1.
 */
export function parseManifest(bytes: Uint8Array, declared: string | undefined, what: string): Manifest {
  if (bytes.byteLength > MAX_MANIFEST_SIZE) {
    throw new EngineError('invalid', `${what}: larger than ${MAX_MANIFEST_SIZE} bytes`);
  }
  const json = parseJsonObject(bytes, what);
  const mediaType = agreedMediaType(json, declared, what);
  const annotations = present(json['annotations'])
    ? { annotations: stringMap(json['annotations'], `${what}: annotations`) }
    : {};
  switch (manifestKind(mediaType)) {
    case 'manifest':
      refuseFields(json, ['manifests', 'fsLayers'], mediaType, what);
      return { kind: 'manifest', mediaType, ...imageParts(json, what), ...annotations };
    case 'index':
      refuseFields(json, ['config', 'layers', 'fsLayers'], mediaType, what);
      return { kind: 'index', mediaType, manifests: indexEntries(json, what), ...annotations };
    case 'schema1':
      throw schema1(what);
    case undefined:
      throw new EngineError(
        'invalid',
        `${what}: unsupported manifest media type ${JSON.stringify(mediaType)}`,
      );
  }
}

function imageParts(json: JsonObject, what: string): Pick<ImageManifest, 'config' | 'layers'> {
  const layers = jsonArray(json['layers'], `${what}: layers`, MAX_LAYERS);
  return {
    config: parseDescriptor(json['config'], `${what}: config`),
    layers: layers.map((layer, i) => parseDescriptor(layer, `${what}: layers[${i}]`)),
  };
}

function indexEntries(json: JsonObject, what: string): Descriptor[] {
  const manifests = jsonArray(json['manifests'], `${what}: manifests`, MAX_MANIFESTS);
  return manifests.map((entry, i) => parseDescriptor(entry, `${what}: manifests[${i}]`));
}

/** The document's own word decides, a known announced type stands in for it, and the fields when there is neither. */
function agreedMediaType(json: JsonObject, declared: string | undefined, what: string): string {
  if (json['schemaVersion'] === 1) throw schema1(what);
  if (json['schemaVersion'] !== 2) {
    const found = JSON.stringify(json['schemaVersion']) ?? 'nothing';
    throw new EngineError('invalid', `${what}: schemaVersion: expected 2, got ${found.slice(0, 80)}`);
  }
  const own = optionalString(json['mediaType'], `${what}: mediaType`);
  const announced = declared !== undefined && manifestKind(declared) !== undefined ? declared : undefined;
  if (own !== undefined && announced !== undefined && own !== announced) {
    throw new EngineError('invalid', `${what}: announced as ${announced}, but its mediaType is ${own}`);
  }
  return own ?? announced ?? guessMediaType(json);
}

function guessMediaType(json: JsonObject): string {
  if (present(json['manifests'])) return OCI_INDEX;
  const config = json['config'];
  const docker = JSON.stringify(config)?.includes('application/vnd.docker.') ?? false;
  return docker ? DOCKER_MANIFEST : OCI_MANIFEST;
}

function refuseFields(json: JsonObject, fields: readonly string[], mediaType: string, what: string): void {
  for (const field of fields) {
    if (present(json[field])) {
      throw new EngineError('invalid', `${what}: ambiguous manifest: ${mediaType} must not have "${field}"`);
    }
  }
}

function schema1(what: string): EngineError {
  return new EngineError(
    'not-implemented',
    `${what}: image manifest schema 1 is not supported: it was retired in 2019; push the image again with a current client`,
  );
}
