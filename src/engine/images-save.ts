import type { Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { ImageId } from '../formats/digest.ts';
import { MAX_MANIFEST_SIZE, parseManifest } from '../formats/manifest.ts';
import { OCI_CONFIG } from '../formats/media-types.ts';
import { formatPlatform, type Platform, platformRank } from '../formats/platform.ts';
import { canonicalName, parseReference, type Reference } from '../formats/reference.ts';
import type { SavedImage } from '../images/archive-documents.ts';
import { IMAGES, type ImageRecord, layersOf } from '../images/image-record.ts';
import { LAYERS } from '../images/layer-record.ts';
import { findImage } from '../images/lookup.ts';
import { isDigested, REFERENCES, referenceKey } from '../images/reference-record.ts';
import type { Reader } from '../store/store.ts';
import type { ImagesDeps } from './images-deps.ts';
import { type Holdings, holdBlob } from './images-holdings.ts';
import { storeManifest } from './images-load.ts';

/** The images that `texts` mean, each once with the names it was asked for by, their blobs held. */
export async function imagesToSave(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  texts: readonly string[],
  platform: Platform | undefined,
): Promise<SavedImage[]> {
  const wanted = await deps.store.transaction((tx) => {
    const found = collect(tx, texts);
    for (const { record } of found) for (const layer of layersOf(record)) held.layers.add(layer);
    return found;
  });
  const saved: SavedImage[] = [];
  for (const { record, names } of wanted) {
    if (platform) checkPlatform(record, platform);
    try {
      saved.push({ ...(await savedImage(ctx, deps, held, record)), names });
    } catch (cause) {
      // Somebody removed it after it was looked up and before its blobs were held.
      if (!isEngineError(cause, 'not-found')) throw cause;
      throw new EngineError('not-found', `No such image: ${record.id}`, { cause });
    }
  }
  return saved;
}

interface Wanted {
  readonly record: ImageRecord;
  readonly names: Reference[];
}

/** A bare repository means all its tags, as dockerd has it; an ID brings no names along. */
function collect(read: Reader, texts: readonly string[]): Wanted[] {
  const wanted = new Map<ImageId, Wanted>();
  const add = (record: ImageRecord, name?: Reference): void => {
    const known = wanted.get(record.id) ?? { record, names: [] };
    wanted.set(record.id, known);
    if (!name || isDigested(name)) return;
    if (!known.names.some((other) => referenceKey(other) === referenceKey(name))) known.names.push(name);
  };
  for (const text of texts) {
    const tags = tagsOfRepository(read, text);
    for (const { image, name } of tags) add(image, name);
    if (tags.length > 0) continue;
    const found = findImage(read, text);
    add(found.image, found.by === 'reference' ? found.name.reference : undefined);
  }
  return [...wanted.values()];
}

function tagsOfRepository(read: Reader, text: string): { image: ImageRecord; name: Reference }[] {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(text) || /[:@]/.test(text.slice(text.lastIndexOf('/') + 1))) return [];
  const prefix = `${canonicalName(parseReference(text))}:`;
  return [...read.range(REFERENCES, { prefix })].flatMap(([, { reference, image }]) => {
    const record = read.get(IMAGES, image);
    return record ? [{ image: record, name: reference }] : [];
  });
}

function checkPlatform(record: ImageRecord, platform: Platform): void {
  if (platformRank(record.platform, platform) !== undefined) return;
  const message = `image ${record.id} does not provide the specified platform (${formatPlatform(platform)})`;
  throw new EngineError('not-found', message);
}

/** The image's own manifest where all blobs it names are here, else one that names the blobs that are. */
async function savedImage(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  record: ImageRecord,
): Promise<Omit<SavedImage, 'names'>> {
  const layers = layersOf(record).map((chainId) => {
    const layer = deps.store.get(LAYERS, chainId);
    if (!layer) throw new EngineError('data-loss', `image ${record.id}: its layer ${chainId} is not here`);
    return layer.blob;
  });
  const config: Descriptor = { mediaType: OCI_CONFIG, digest: record.id, size: record.configSize };
  for (const { digest } of [config, ...record.manifests, ...layers]) await holdBlob(deps, held, digest);
  const manifest =
    (await ownManifest(ctx, deps, record, layers)) ?? (await storeManifest(ctx, deps, held, config, layers));
  const { id, parent } = record;
  return { id, config, manifest, layers, ...(parent !== undefined && { parent }) };
}

async function ownManifest(
  ctx: Ctx,
  deps: ImagesDeps,
  record: ImageRecord,
  layers: readonly Descriptor[],
): Promise<Descriptor | undefined> {
  for (const descriptor of record.manifests) {
    const bytes = await deps.content.readBytes(ctx, descriptor, MAX_MANIFEST_SIZE);
    const manifest = parseManifest(bytes, descriptor.mediaType, `manifest ${descriptor.digest}`);
    if (manifest.kind !== 'manifest') continue;
    if (manifest.layers.every(({ digest }, i) => digest === layers[i]?.digest)) return descriptor;
  }
  return undefined;
}
