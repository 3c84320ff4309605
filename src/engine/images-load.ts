import { createHash } from 'node:crypto';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type DiffId, type Digest, digestFrom, digestOf, isDigest } from '../formats/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../formats/media-types.ts';
import type { MemberData } from '../images/archive-members.ts';
import { layerTypeOf } from './images-add-layer.ts';
import type { FinishedImage } from './images-commit.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { LayerSource } from './images-fetch-layer.ts';
import { type Holdings, holdBlob } from './images-holdings.ts';
import type { SpooledArchive } from './images-spool.ts';

/** An image of an archive: its documents are stored, its layers are to be installed. */
export interface ArchiveImage extends FinishedImage {
  readonly layers: readonly LayerSource[];
}

/** The digest that a member's name claims, `blobs/sha256/HEX`. */
export function claimedDigest(name: string): Digest | undefined {
  const [, algorithm, hex] = /(?:^|\/)blobs\/(sha256|sha512)\/([0-9a-f]+)$/.exec(name) ?? [];
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) ? digest : undefined;
}

/** Stores a document (config, manifest, index) and holds it. */
export async function storeDocument(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  bytes: string | Uint8Array,
): Promise<{ digest: Digest; size: number }> {
  const digest = digestOf(bytes);
  await holdBlob(deps, held, digest);
  await deps.content.put(ctx, bytes);
  return { digest, size: Buffer.byteLength(bytes) };
}

/** A layer in a member of an archive; its bytes are checked when it is unpacked. */
export function layerInMember(
  deps: ImagesDeps,
  archive: SpooledArchive,
  member: MemberData,
  blob: Descriptor,
  diffId: DiffId,
): LayerSource {
  return {
    diffId,
    blob,
    name: `image archive: entry ${JSON.stringify(member.name)}`,
    download: (ctx) => deps.content.download(ctx, blob, (own, offset) => archive.stream(own, member, offset)),
  };
}

/** What blob a member of a Docker archive is: its tar itself, whose digest is the diff ID, or compressed. */
export async function blobOfMember(
  ctx: Ctx,
  archive: SpooledArchive,
  member: MemberData,
  diffId: DiffId,
): Promise<Descriptor> {
  const mediaType = layerTypeOf(await archive.head(member));
  const digest = mediaType === OCI_LAYER ? diffId : await digestOfMember(ctx, archive, member);
  return { mediaType, digest, size: member.size };
}

async function digestOfMember(ctx: Ctx, archive: SpooledArchive, member: MemberData): Promise<Digest> {
  const claimed = claimedDigest(member.name);
  if (claimed) return claimed;
  const hash = createHash('sha256');
  for await (const chunk of archive.stream(ctx, member)) hash.update(chunk);
  return digestFrom(hash);
}

/** Stores an OCI manifest of an image that came without one. */
export async function storeManifest(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  config: { digest: Digest; size: number },
  layers: readonly Descriptor[],
): Promise<Descriptor> {
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  return { mediaType: OCI_MANIFEST, ...(await storeDocument(ctx, deps, held, JSON.stringify(document))) };
}

/** Throws `data-loss` when a member is not what its name says. */
export function checkClaim(name: string, found: Digest): void {
  const claimed = claimedDigest(name);
  if (claimed === undefined || claimed === found || !claimed.startsWith('sha256:')) return;
  throw new EngineError(
    'data-loss',
    `image archive: entry ${JSON.stringify(name)}: its bytes have digest ${found}`,
  );
}
