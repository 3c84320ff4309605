import type { Ctx } from '../base/ctx.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { ChainId } from '../formats/digest.ts';
import type { Reference } from '../formats/reference.ts';
import { readCatalog, referencesOf } from '../images/catalog.ts';
import { type ImageConfig, MAX_CONFIG_SIZE, parseImageConfig } from '../images/config.ts';
import { type HistoryItem, imageHistory } from '../images/history.ts';
import { type ImageRecord, layersOf } from '../images/image-record.ts';
import { findImage } from '../images/lookup.ts';
import { isDigested } from '../images/reference-record.ts';
import type { ImagesDeps } from './images-deps.ts';

/** Everything `docker image inspect` shows. */
export interface ImageDetails {
  readonly record: ImageRecord;
  readonly config: ImageConfig;
  readonly tags: readonly Reference[];
  readonly digests: readonly Reference[];
  /** The config's own, or that of its newest history entry. */
  readonly comment: string;
  /** Bottom first. */
  readonly layers: readonly ChainId[];
  /** Directories of the layers, the uppermost first. */
  readonly lowerDirs: readonly string[];
  /** When a tag was last given, RFC 3339. */
  readonly lastTaggedAt?: string;
  /** What the name asked for stands for; for an ID, the image's manifest. */
  readonly target?: Descriptor;
}

/** Errors: `not-found`, `data-loss`. */
export async function inspectImage(ctx: Ctx, deps: ImagesDeps, text: string): Promise<ImageDetails> {
  const found = findImage(deps.store, text);
  const record = found.image;
  const names = referencesOf(readCatalog(deps.store), record.id);
  const config = await readImageConfig(ctx, deps, record);
  const layers = layersOf(record);
  const lastTaggedAt = names
    .filter(({ reference }) => !isDigested(reference))
    .map(({ taggedAt }) => taggedAt)
    .sort()
    .at(-1);
  const target = found.by === 'reference' ? found.name.target : record.manifests[0];
  return {
    record,
    config,
    tags: names.map(({ reference }) => reference).filter((reference) => !isDigested(reference)),
    digests: names.map(({ reference }) => reference).filter(isDigested),
    comment: config.comment || (config.history.at(-1)?.comment ?? ''),
    layers,
    lowerDirs: deps.snapshots.lowerDirs(layers.at(-1)),
    ...(lastTaggedAt !== undefined && { lastTaggedAt }),
    ...(target && { target }),
  };
}

/** The steps an image was made in, newest first. Errors: `not-found`, `data-loss`. */
export async function historyOfImage(ctx: Ctx, deps: ImagesDeps, text: string): Promise<HistoryItem[]> {
  const { image } = findImage(deps.store, text);
  const config = await readImageConfig(ctx, deps, image);
  return imageHistory(readCatalog(deps.store), image, config);
}

/** The parsed config of a recorded image. Errors: `data-loss`. */
export async function readImageConfig(
  ctx: Ctx,
  deps: Pick<ImagesDeps, 'content'>,
  image: ImageRecord,
): Promise<ImageConfig> {
  const blob = { digest: image.id, size: image.configSize };
  const bytes = await deps.content.readBytes(ctx, blob, MAX_CONFIG_SIZE);
  return parseImageConfig(bytes, `image ${image.id}`);
}
