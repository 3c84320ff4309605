import { EngineError } from '../base/errors.ts';
import { type Digest, parseDigest } from './digest.ts';
import { jsonObject, jsonSize, jsonString, optionalString, present, stringList, stringMap } from './json.ts';
import type { Platform } from './platform.ts';

/** Points at a blob (OCI image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
  readonly artifactType?: string;
}

/** More than any file system or registry takes: keeps sums of sizes exact. */
const MAX_SIZE = 2 ** 50;
const MAX_URLS = 64;

/** Parses a descriptor's JSON. Throws `invalid` naming `path` and field. Embedded `data` is not used. */
export function parseDescriptor(value: unknown, path: string): Descriptor {
  const json = jsonObject(value, path);
  const size = jsonSize(json['size'], `${path}.size`);
  if (size > MAX_SIZE) throw new EngineError('invalid', `${path}.size: ${size} bytes is no possible size`);
  const artifactType = optionalString(json['artifactType'], `${path}.artifactType`);
  return {
    mediaType: jsonString(json['mediaType'], `${path}.mediaType`),
    digest: parseDigest(jsonString(json['digest'], `${path}.digest`), `${path}.digest`),
    size,
    ...(present(json['platform']) && { platform: parsePlatformObject(json['platform'], `${path}.platform`) }),
    ...(present(json['annotations']) && {
      annotations: stringMap(json['annotations'], `${path}.annotations`),
    }),
    ...(present(json['urls']) && { urls: stringList(json['urls'], `${path}.urls`, MAX_URLS) }),
    ...(artifactType !== undefined && { artifactType }),
  };
}

/** Parses the `platform` object of an index entry, as written: not normalised. */
function parsePlatformObject(value: unknown, path: string): Platform {
  const json = jsonObject(value, path);
  const variant = optionalString(json['variant'], `${path}.variant`);
  const osVersion = optionalString(json['os.version'], `${path}.os.version`);
  const features = json['os.features'];
  return {
    os: jsonString(json['os'], `${path}.os`),
    architecture: jsonString(json['architecture'], `${path}.architecture`),
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { osVersion }),
    ...(present(features) && { osFeatures: stringList(features, `${path}.os.features`, 64) }),
  };
}

/** A descriptor as JSON, fields in the order the specification lists them. */
export function descriptorJson(descriptor: Descriptor): Record<string, unknown> {
  const { mediaType, digest, size, urls, annotations, platform, artifactType } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(urls && { urls }),
    ...(annotations && { annotations }),
    ...(platform && { platform: platformJson(platform) }),
    ...(artifactType && { artifactType }),
  };
}

function platformJson(platform: Platform): Record<string, unknown> {
  const { architecture, os, variant, osVersion, osFeatures } = platform;
  return {
    architecture,
    os,
    ...(osVersion && { 'os.version': osVersion }),
    ...(osFeatures && { 'os.features': osFeatures }),
    ...(variant && { variant }),
  };
}
