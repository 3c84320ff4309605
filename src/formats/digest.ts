import { createHash, type Hash } from 'node:crypto';
import type { Brand } from '../base/brand.ts';
import { EngineError } from '../base/errors.ts';

/** `sha256:<64 hex>`, the only algorithm registries use (OCI image-spec, descriptor.md#digests; sha512 is accepted too). */
export type Digest = Brand<string, 'Digest'>;
/** Digest of a layer's uncompressed tar. */
export type DiffId = Brand<Digest, 'DiffId'>;
/** Digest of a stack of layers: the first layer's diff ID, then `sha256(parent + ' ' + diffId)` (OCI image-spec, config.md#layer-chainid). */
export type ChainId = Brand<Digest, 'ChainId'>;
/** Digest of an image's config blob: Docker's image ID. */
export type ImageId = Brand<Digest, 'ImageId'>;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** True when `text` is a well-formed digest. */
export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}

/** Parses a digest. Throws `invalid` naming `what` (a field, a header, a file). */
export function parseDigest(text: string, what = 'digest'): Digest {
  if (!isDigest(text))
    throw new EngineError('invalid', `${what}: invalid digest ${JSON.stringify(text.slice(0, 200))}`);
  return text;
}

/** A diff ID out of a parsed or computed digest. */
export function asDiffId(digest: Digest): DiffId {
  return digest as DiffId;
}

/** An image ID out of a config blob's digest. */
export function asImageId(digest: Digest): ImageId {
  return digest as ImageId;
}

/** SHA-256 digest of `bytes`. */
export function digestOf(bytes: string | Uint8Array): Digest {
  return digestFrom(createHash('sha256').update(bytes));
}

/** The digest a finished SHA-256 `hash` stands for. */
export function digestFrom(hash: Hash): Digest {
  return `sha256:${hash.digest('hex')}` as Digest;
}

/** The chain ID of `diffId` on top of `parent`. */
export function chainId(parent: ChainId | undefined, diffId: DiffId): ChainId {
  return (parent === undefined ? diffId : digestOf(`${parent} ${diffId}`)) as unknown as ChainId;
}

/** The chain IDs of a whole layer list, bottom first. */
export function chainIds(diffIds: readonly DiffId[]): ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) chain.push(chainId(chain.at(-1), diffId));
  return chain;
}

/** `sha256:abc…` → `['sha256', 'abc…']`. */
export function splitDigest(digest: Digest): [algorithm: string, hex: string] {
  const colon = digest.indexOf(':');
  return [digest.slice(0, colon), digest.slice(colon + 1)];
}

/** Docker's short form: the first 12 hex digits. */
export function shortId(id: string): string {
  return (id.includes(':') ? id.slice(id.indexOf(':') + 1) : id).slice(0, 12);
}
