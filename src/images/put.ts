import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { asImageId, chainIds, type Digest, type ImageId, isDigest } from '../formats/digest.ts';
import type { Reference } from '../formats/reference.ts';
import type { Tx } from '../store/store.ts';
import type { ImageConfig } from './config.ts';
import { IMAGES, type ImageRecord } from './image-record.ts';
import { LAYERS } from './layer-record.ts';
import { REFERENCES, type ReferenceRecord, referenceKey } from './reference-record.ts';

/** An image whose blobs are stored and whose layers are unpacked. */
export interface NewImage {
  readonly id: ImageId;
  readonly config: ImageConfig;
  /** Bytes of the config blob. */
  readonly configSize: number;
  readonly manifest: Descriptor;
  /** Overrides the config's own: `docker commit` and the builder know the parent where the config cannot say it. */
  readonly parent?: ImageId;
}

/** Records an image; known already, it gains the manifest. Throws `system` when a layer is not there. */
export function putImage(tx: Tx, image: NewImage, now = new Date().toISOString()): ImageRecord {
  const known = tx.get(IMAGES, image.id);
  const parent = image.parent ?? known?.parent ?? parentOf(tx, image.config);
  const record: ImageRecord = {
    id: image.id,
    configSize: image.configSize,
    manifests: withManifest(known?.manifests ?? [], image.manifest),
    diffIds: image.config.diffIds,
    platform: image.config.platform,
    ...(image.config.createdAt !== undefined && { createdAt: image.config.createdAt }),
    labels: image.config.defaults.labels,
    ...(parent !== undefined && { parent }),
    size: sizeOfLayers(tx, image),
    addedAt: known?.addedAt ?? now,
  };
  tx.put(IMAGES, image.id, record);
  return record;
}

/** Gives a name to a recorded image, taking it from whichever image had it. Returns that one's record, if there was one. */
export function putReference(
  tx: Tx,
  reference: Reference,
  target: Descriptor,
  image: ImageId,
  now = new Date().toISOString(),
): ReferenceRecord | undefined {
  const key = referenceKey(reference);
  const before = tx.get(REFERENCES, key);
  tx.put(REFERENCES, key, { reference, target, image, taggedAt: now });
  return before;
}

function sizeOfLayers(tx: Tx, { id, config }: NewImage): number {
  return chainIds(config.diffIds).reduce((sum, chainId) => {
    const layer = tx.get(LAYERS, chainId);
    if (!layer) throw new EngineError('system', `image ${id}: its layer ${chainId} is not here`);
    return sum + layer.size;
  }, 0);
}

/** The parent a config names counts only when it is here. */
function parentOf(tx: Tx, config: ImageConfig): ImageId | undefined {
  const parent: Digest | undefined =
    config.parent !== undefined && isDigest(config.parent) ? config.parent : undefined;
  return parent && tx.has(IMAGES, asImageId(parent)) ? asImageId(parent) : undefined;
}

function withManifest(known: readonly Descriptor[], manifest: Descriptor): readonly Descriptor[] {
  return known.some(({ digest }) => digest === manifest.digest) ? known : [...known, manifest];
}
