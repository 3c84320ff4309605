import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { checkDigest, checkSize, digestLike, hashLike } from '../content/hash.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { asImageId } from '../formats/digest.ts';
import {
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_SIZE,
  parseManifest,
} from '../formats/manifest.ts';
import { isImageConfig } from '../formats/media-types.ts';
import type { Platform } from '../formats/platform.ts';
import { chooseManifest } from '../images/choose.ts';
import { checkHistory, MAX_CONFIG_SIZE, parseImageConfig } from '../images/config.ts';
import { LAYOUT_INDEX, type LayoutEntry, layoutBlob, parseLayoutIndex } from '../images/oci-layout.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { LayerSource } from './images-fetch-layer.ts';
import { type Holdings, holdBlob } from './images-holdings.ts';
import { type ArchiveImage, layerInMember } from './images-load.ts';
import type { SpooledArchive } from './images-spool.ts';

const MAX_DEPTH = 4;

/**
 * The images of an OCI image layout in a tar, for the platform that suits `wanted` best of those that are in it. Errors:
 * `invalid` naming entry or field, `data-loss` (a digest), `not-found` (no image for the platform).
 */
export async function layoutImages(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
  wanted: Platform,
): Promise<ArchiveImage[]> {
  const index = await archive.read(LAYOUT_INDEX, MAX_MANIFEST_SIZE, 'the list of images');
  const images: ArchiveImage[] = [];
  for (const entry of parseLayoutIndex(index, wanted)) {
    const image = await layoutImage(ctx, deps, held, archive, entry, wanted);
    if (image) images.push(image);
  }
  return images;
}

/** Undefined for what is no image: an artifact. */
async function layoutImage(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
  entry: LayoutEntry,
  wanted: Platform,
): Promise<ArchiveImage | undefined> {
  const reader = new LayoutReader(ctx, deps, held, archive);
  let at = entry.descriptor;
  let document = await reader.manifest(at);
  for (let depth = 0; document.kind === 'index'; depth++) {
    if (depth === MAX_DEPTH) throw new EngineError('invalid', `${LAYOUT_INDEX}: indexes nested too deeply`);
    at = chooseManifest(present(document, archive), wanted);
    document = await reader.manifest(at);
  }
  if (!isImageConfig(document.config.mediaType)) return undefined;
  const what = `image archive: entry ${JSON.stringify(layoutBlob(document.config.digest))}`;
  const config = parseImageConfig(await reader.document(document.config, MAX_CONFIG_SIZE), what);
  checkHistory(config, what);
  const id = asImageId(document.config.digest);
  return {
    image: { id, config, configSize: document.config.size, manifest: at },
    target: entry.descriptor,
    names: entry.names,
    layers: layersOf(deps, archive, document, config.diffIds),
  };
}

/** Only what is in the archive can be chosen: an index may list platforms that were not saved. */
function present(index: ImageIndex, archive: SpooledArchive): ImageIndex {
  return {
    ...index,
    manifests: index.manifests.filter(({ digest }) => archive.members.has(layoutBlob(digest))),
  };
}

function layersOf(
  deps: ImagesDeps,
  archive: SpooledArchive,
  manifest: ImageManifest,
  diffIds: readonly LayerSource['diffId'][],
): LayerSource[] {
  if (manifest.layers.length !== diffIds.length) {
    const counts = `${manifest.layers.length} layers, but the config has ${diffIds.length} diff_ids`;
    throw new EngineError('invalid', `image archive: manifest of ${manifest.config.digest}: ${counts}`);
  }
  return manifest.layers.flatMap((blob, i) => {
    const diffId = diffIds[i];
    if (diffId === undefined) return [];
    const member = archive.members.find(layoutBlob(blob.digest), `layers[${i}] of ${manifest.config.digest}`);
    if (member.size !== blob.size) {
      const sizes = `${member.size} bytes, but its descriptor says ${blob.size}`;
      throw new EngineError('data-loss', `image archive: entry ${JSON.stringify(member.name)}: ${sizes}`);
    }
    return [layerInMember(deps, archive, member, blob, diffId)];
  });
}

/** Reads documents out of a layout, verified, and stores them. */
class LayoutReader {
  readonly #ctx: Ctx;
  readonly #deps: ImagesDeps;
  readonly #held: Holdings;
  readonly #archive: SpooledArchive;

  constructor(ctx: Ctx, deps: ImagesDeps, held: Holdings, archive: SpooledArchive) {
    this.#ctx = ctx;
    this.#deps = deps;
    this.#held = held;
    this.#archive = archive;
  }

  async manifest(descriptor: Descriptor): Promise<ImageManifest | ImageIndex> {
    const bytes = await this.document(descriptor, MAX_MANIFEST_SIZE);
    return parseManifest(
      bytes,
      descriptor.mediaType,
      `image archive: entry ${layoutBlob(descriptor.digest)}`,
    );
  }

  async document(descriptor: Descriptor, limit: number): Promise<Uint8Array> {
    const { digest } = descriptor;
    const name = layoutBlob(digest);
    const bytes = await this.#archive.read(name, limit, `descriptor ${digest}`);
    checkSize(descriptor, bytes.length);
    checkDigest(descriptor, digestLike(digest, hashLike(digest).update(bytes)));
    await holdBlob(this.#deps, this.#held, digest);
    await this.#deps.content.write(this.#ctx, once(bytes), descriptor);
    return bytes;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
