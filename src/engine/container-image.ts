import type { Ctx } from '../base/ctx.ts';
import type { ChainId } from '../formats/digest.ts';
import { hostPlatform, type Platform, parsePlatform } from '../formats/platform.ts';
import { type ImageConfig, MAX_CONFIG_SIZE, parseImageConfig } from '../images/config.ts';
import { IMAGES, type ImageRecord, layersOf } from '../images/image-record.ts';
import { findImage, noSuchImage } from '../images/lookup.ts';
import type { Engine } from './engine.ts';

/** An image as a container is made from it. */
export interface ContainerImage {
  readonly record: ImageRecord;
  readonly config: ImageConfig;
  /** The uppermost layer; absent when the image has none. */
  readonly topLayer: ChainId | undefined;
  /** Texts for the answer's Warnings. */
  readonly warnings: readonly string[];
}

/** Loads the image a create request names. Errors: `not-found` (also when it is of another platform than asked for), `data-loss`. */
export async function loadContainerImage(
  ctx: Ctx,
  engine: Engine,
  reference: string,
  platform: string | undefined,
): Promise<ContainerImage> {
  const { image: record } = findImage(engine.store, reference);
  const wanted = platform ? parsePlatform(platform) : undefined;
  if (wanted && !satisfies(record.platform, wanted)) {
    throw noSuchImage(
      `${reference}: image with reference ${reference} was found but does not provide the specified platform (${platform})`,
    );
  }
  const blob = { digest: record.id, size: record.configSize };
  const bytes = await engine.content.readBytes(ctx, blob, MAX_CONFIG_SIZE);
  return {
    record,
    config: parseImageConfig(bytes, `image ${record.id}`),
    topLayer: layersOf(record).at(-1),
    warnings: wanted ? [] : foreignWarnings(record.platform),
  };
}

function satisfies(have: Platform, wanted: Platform): boolean {
  return (
    have.os === wanted.os &&
    have.architecture === wanted.architecture &&
    (wanted.variant === undefined || have.variant === undefined || have.variant === wanted.variant)
  );
}

function foreignWarnings(have: Platform): string[] {
  const host = hostPlatform();
  if (have.os === host.os && have.architecture === host.architecture) return [];
  return [
    `The requested image's platform (${platformText(have)}) does not match the detected host platform (${platformText(host)}) and no specific platform was requested`,
  ];
}

function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

/** IDs of the image `reference` means and of all images that stand on its layers; [] when there is none. */
export function imageFamily(engine: Engine, reference: string): string[] {
  let ancestor: ImageRecord;
  try {
    ancestor = findImage(engine.store, reference).image;
  } catch {
    return [];
  }
  const base = ancestor.diffIds;
  const family = [...engine.store.range(IMAGES)].filter(
    ([id, { diffIds }]) =>
      id === ancestor.id || (base.length > 0 && base.every((diffId, i) => diffIds[i] === diffId)),
  );
  return family.map(([id]) => id);
}

/** What `ps` shows as image: the name the container was made with, or the image's ID once that name means another one. */
export function shownImage(engine: Engine, reference: string, imageId: string): string {
  try {
    return findImage(engine.store, reference).image.id === imageId ? reference : imageId;
  } catch {
    return imageId;
  }
}
