import { type Descriptor, descriptorJson, parseDescriptor } from '../formats/descriptor.ts';
import { asImageId, type ImageId, parseDigest } from '../formats/digest.ts';
import { jsonObject, jsonString } from '../formats/json.ts';
import { canonicalName, canonicalString, parseReference, type Reference } from '../formats/reference.ts';
import type { Bucket } from '../store/bucket.ts';

/** A name of an image: `docker.io/library/busybox:latest`, or `docker.io/library/busybox@sha256:…` for where it came from. */
export interface ReferenceRecord {
  /** With a tag or a digest, never both. */
  readonly reference: Reference;
  /** What the name stands for in its registry: a manifest, or an index kept whole. */
  readonly target: Descriptor;
  /** The image chosen out of the target. */
  readonly image: ImageId;
  /** When the name was given, RFC 3339. */
  readonly taggedAt: string;
}

/** `references`: {@link referenceKey} → {@link ReferenceRecord}. */
export const REFERENCES: Bucket<string, ReferenceRecord> = { name: 'references', parse, encode };

/** The key of a reference's record. Of tag and digest, the digest decides. */
export function referenceKey(reference: Reference): string {
  const { domain, path, digest } = reference;
  return canonicalString(digest === undefined ? reference : { domain, path, digest });
}

/** True for `name@digest`. */
export function isDigested(reference: Reference): boolean {
  return reference.digest !== undefined;
}

/** True when both are in one repository. */
export function sameRepository(a: Reference, b: Reference): boolean {
  return canonicalName(a) === canonicalName(b);
}

function encode({ target, image, taggedAt }: ReferenceRecord): unknown {
  return { target: descriptorJson(target), image, taggedAt };
}

function parse(value: unknown, key: string): ReferenceRecord {
  const json = jsonObject(value, 'reference');
  return {
    reference: parseReference(key),
    target: parseDescriptor(json['target'], 'target'),
    image: asImageId(parseDigest(jsonString(json['image'], 'image'), 'image')),
    taggedAt: jsonString(json['taggedAt'], 'taggedAt'),
  };
}
