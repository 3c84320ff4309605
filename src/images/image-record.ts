import { type Descriptor, descriptorJson, parseDescriptor } from '../formats/descriptor.ts';
import {
  asDiffId,
  asImageId,
  type ChainId,
  chainIds,
  type DiffId,
  type ImageId,
  parseDigest,
} from '../formats/digest.ts';
import {
  jsonArray,
  jsonObject,
  jsonSize,
  jsonString,
  optionalString,
  present,
  stringList,
  stringMap,
} from '../formats/json.ts';
import type { Platform } from '../formats/platform.ts';
import type { Bucket } from '../store/bucket.ts';

/**
 * An image that is here: its config, at least one manifest that describes it, and all its layers, unpacked. Whether it
 * has a name is another matter (`references`). Beyond the manifests everything derives from the config blob and is kept
 * so that listing reads no blobs.
 */
export interface ImageRecord {
  readonly id: ImageId;
  /** Bytes of the config blob. */
  readonly configSize: number;
  /** Manifests with this config, at least one: the same layers may have come compressed in several ways. */
  readonly manifests: readonly Descriptor[];
  /** Bottom first. */
  readonly diffIds: readonly DiffId[];
  readonly platform: Platform;
  /** When it was built, RFC 3339, as the config says. */
  readonly createdAt?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The image it was committed or built from by the classic builder. */
  readonly parent?: ImageId;
  /** Unpacked bytes of all layers. */
  readonly size: number;
  /** When it came here, RFC 3339. */
  readonly addedAt: string;
}

/** `images`: image ID → {@link ImageRecord}. */
export const IMAGES: Bucket<ImageId, ImageRecord> = { name: 'images', parse, encode };

/** The chain IDs of an image's layers, bottom first. */
export function layersOf(image: Pick<ImageRecord, 'diffIds'>): ChainId[] {
  return chainIds(image.diffIds);
}

const MAX_STORED = 4096;

function encode({ id: _, ...image }: ImageRecord): unknown {
  return { ...image, manifests: image.manifests.map(descriptorJson) };
}

function parse(value: unknown, id: ImageId): ImageRecord {
  const json = jsonObject(value, 'image');
  const createdAt = optionalString(json['createdAt'], 'createdAt');
  const parent = optionalString(json['parent'], 'parent');
  return {
    id,
    configSize: jsonSize(json['configSize'], 'configSize'),
    manifests: jsonArray(json['manifests'], 'manifests', MAX_STORED).map((item, i) =>
      parseDescriptor(item, `manifests[${i}]`),
    ),
    diffIds: stringList(json['diffIds'], 'diffIds', MAX_STORED).map((item) => asDiffId(parseDigest(item))),
    platform: parsePlatform(json['platform']),
    ...(createdAt !== undefined && { createdAt }),
    labels: stringMap(json['labels'], 'labels'),
    ...(parent !== undefined && { parent: asImageId(parseDigest(parent, 'parent')) }),
    size: jsonSize(json['size'], 'size'),
    addedAt: jsonString(json['addedAt'], 'addedAt'),
  };
}

function parsePlatform(value: unknown): Platform {
  const json = jsonObject(value, 'platform');
  const variant = optionalString(json['variant'], 'platform.variant');
  const osVersion = optionalString(json['osVersion'], 'platform.osVersion');
  const features = json['osFeatures'];
  return {
    os: jsonString(json['os'], 'platform.os'),
    architecture: jsonString(json['architecture'], 'platform.architecture'),
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { osVersion }),
    ...(present(features) && { osFeatures: stringList(features, 'platform.osFeatures', MAX_STORED) }),
  };
}
