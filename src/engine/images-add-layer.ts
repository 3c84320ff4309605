import { open } from 'node:fs/promises';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { type ChainId, chainId, type Digest } from '../formats/digest.ts';
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../formats/media-types.ts';
import { LAYERS, type LayerRecord } from '../images/layer-record.ts';
import type { ImagesDeps } from './images-deps.ts';
import { type Holdings, holdBlob } from './images-holdings.ts';
import { discardDirectory, registerLayer } from './images-layers.ts';

/**
 * Adds one layer on top of `parent` out of a tar stream, perhaps compressed, of which nothing is known beforehand: what
 * `import`, `commit` and builds do. The layer is held by `held` until an image with it is committed. Throws `invalid`
 * naming the entry for a malformed tar, `no-space`.
 */
export async function addLayer(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  parent: ChainId | undefined,
  tar: AsyncIterable<Uint8Array>,
): Promise<LayerRecord> {
  const claim = (digest: Digest): Promise<void> => holdBlob(deps, held, digest);
  const { digest, size } = await deps.content.write(ctx, tar, undefined, claim);
  const path = deps.content.pathOf(digest);
  const blob: Descriptor = { mediaType: await layerType(path), digest, size };
  const dir = deps.snapshots.newLayerDir();
  try {
    const unpacked = await deps.unpack(ctx, {
      source: { kind: 'file', path },
      compressedDigest: digest,
      target: dir,
      whiteouts: deps.snapshots.whiteouts,
    });
    const { diffId } = unpacked;
    const id = chainId(parent, diffId);
    held.layers.add(id);
    const known = await deps.store.transaction((tx) => tx.get(LAYERS, id));
    if (known) return known;
    return await registerLayer(ctx, deps, { chainId: id, parent, diffId, blob }, unpacked, dir);
  } finally {
    // Registering has moved it away.
    await discardDirectory(ctx, dir);
  }
}

/** The media type of a layer's tar by its first bytes. Throws `invalid` for a compression no registry has a type for. */
export async function layerType(path: string): Promise<string> {
  await using file = await open(path);
  const head = Buffer.alloc(6);
  await file.read(head, 0, head.length, 0);
  return layerTypeOf(head);
}

/** As {@link layerType}, of the first bytes themselves. Magic numbers: RFC 1952, RFC 8878, bzip2 and xz formats. */
export function layerTypeOf(head: Buffer): string {
  if (head.readUInt16BE(0) === 0x1f8b) return OCI_LAYER_GZIP;
  if (head.readUInt32LE(0) === 0xfd2fb528) return OCI_LAYER_ZSTD;
  const odd =
    head.toString('latin1', 0, 3) === 'BZh' ? 'bzip2' : head.toString('latin1', 1, 5) === '7zXZ' ? 'xz' : '';
  if (odd === '') return OCI_LAYER;
  throw new EngineError('invalid', `layer: ${odd} compression is not supported: use gzip, zstd or none`);
}
