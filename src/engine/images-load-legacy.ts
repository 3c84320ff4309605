import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { asImageId, type ChainId } from '../formats/digest.ts';
import type { Reference } from '../formats/reference.ts';
import { MAX_CONFIG_SIZE } from '../images/config.ts';
import { imageConfigJson } from '../images/config-json.ts';
import { MAX_ARCHIVE_JSON } from '../images/docker-archive.ts';
import type { LayerRecord } from '../images/layer-record.ts';
import {
  type LegacyLayer,
  legacyConfig,
  parseLegacyLayer,
  parseRepositories,
  REPOSITORIES,
} from '../images/legacy-archive.ts';
import { addLayer } from './images-add-layer.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { Holdings } from './images-holdings.ts';
import { type ArchiveImage, storeDocument, storeManifest } from './images-load.ts';
import type { SpooledArchive } from './images-spool.ts';

const MAX_DEPTH = 4096;

/** The images of an archive made before Docker 1.10: those with a name. Their layers are installed at once. */
export async function legacyImages(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
): Promise<ArchiveImage[]> {
  const bytes = await archive.read(REPOSITORIES, MAX_ARCHIVE_JSON, 'the list of names');
  const images: ArchiveImage[] = [];
  for (const [id, names] of parseRepositories(bytes)) {
    images.push(await legacyImage(ctx, deps, held, archive, id, names));
  }
  return images;
}

async function legacyImage(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  archive: SpooledArchive,
  top: string,
  names: readonly Reference[],
): Promise<ArchiveImage> {
  const layers = await layersUpTo(archive, top);
  const records: LayerRecord[] = [];
  let parent: ChainId | undefined;
  for (const { id } of layers) {
    const member = archive.members.find(`${id}/layer.tar`, `layer ${id}`);
    const record = await addLayer(ctx, deps, held, parent, archive.stream(ctx, member));
    records.push(record);
    parent = record.chainId;
  }
  const config = legacyConfig(
    layers,
    records.map(({ diffId }) => diffId),
  );
  const stored = await storeDocument(ctx, deps, held, imageConfigJson(config));
  const manifest = await storeManifest(
    ctx,
    deps,
    held,
    stored,
    records.map(({ blob }) => blob),
  );
  const image = { id: asImageId(stored.digest), config, configSize: stored.size, manifest };
  return { image, target: manifest, names, layers: [] };
}

/** The layers from the bottom up to `top`, following `parent`. */
async function layersUpTo(archive: SpooledArchive, top: string): Promise<LegacyLayer[]> {
  const layers: LegacyLayer[] = [];
  for (let id: string | undefined = top; id !== undefined; ) {
    if (layers.length === MAX_DEPTH || layers.some((layer) => layer.id === id)) {
      throw new EngineError('invalid', `image archive: entry "${id}/json": its parents have no end`);
    }
    const name: string = `${id}/json`;
    const layer = parseLegacyLayer(await archive.read(name, MAX_CONFIG_SIZE, REPOSITORIES), id);
    layers.unshift(layer);
    id = layer.parent;
  }
  return layers;
}
