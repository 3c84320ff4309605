import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Repository } from '../distribution/repository.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { asImageId } from '../formats/digest.ts';
import { type ImageManifest, MAX_MANIFEST_SIZE, type Manifest, parseManifest } from '../formats/manifest.ts';
import { isImageConfig, isLayer } from '../formats/media-types.ts';
import { formatPlatform, type Platform, platformRank } from '../formats/platform.ts';
import { chooseManifest } from '../images/choose.ts';
import { checkHistory, type ImageConfig, MAX_CONFIG_SIZE, parseImageConfig } from '../images/config.ts';
import type { NewImage } from '../images/put.ts';
import type { ImagesDeps } from './images-deps.ts';
import type { LayerSource } from './images-fetch-layer.ts';
import { type Holdings, holdBlob } from './images-holdings.ts';

/** An image in a registry; its manifests and config are stored, its layers are not. */
export interface RemoteImage extends NewImage {
  /** What the reference stands for: the manifest, or the index it was chosen from. */
  readonly target: Descriptor;
  readonly layers: readonly LayerSource[];
}

export interface WantedPlatform {
  readonly platform: Platform;
  /** The user asked for it: an image for another one is refused, even when it is the only one. */
  readonly exact: boolean;
}

/** Indexes may list indexes, so deep. */
const MAX_DEPTH = 4;

/** Resolves the repository's reference, chooses the platform's manifest, and stores manifests and config. */
export async function fetchImage(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  repository: Repository,
  wanted: WantedPlatform,
): Promise<RemoteImage> {
  const fetchManifest = (descriptor: Descriptor): Promise<[Manifest, Descriptor]> =>
    manifestOf(ctx, deps, held, repository, descriptor);
  let [document, at] = await fetchManifest(await repository.resolve(ctx));
  const target = at;
  for (let depth = 0; document.kind === 'index'; depth++) {
    if (depth === MAX_DEPTH) throw new EngineError('invalid', `${target.digest}: indexes nested too deeply`);
    [document, at] = await fetchManifest(chooseManifest(document, wanted.platform));
  }
  checkMediaTypes(document, at);
  const config = await configOf(ctx, deps, held, repository, document.config);
  if (wanted.exact) checkPlatform(config, wanted.platform, target);
  const layers = layerSources(deps, repository, document, config);
  const id = asImageId(document.config.digest);
  return { id, config, configSize: document.config.size, manifest: at, target, layers };
}

/** The manifest or index, from the content store or else the registry; and its descriptor, with the type it really has. */
async function manifestOf(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  repository: Repository,
  descriptor: Descriptor,
): Promise<[Manifest, Descriptor]> {
  const { digest } = descriptor;
  await holdBlob(deps, held, digest);
  const stored = await deps.content.info(ctx, digest);
  const bytes = stored
    ? await deps.content.readBytes(ctx, { digest, size: stored.size }, MAX_MANIFEST_SIZE)
    : await repository.manifest(ctx, descriptor);
  const manifest = parseManifest(bytes, descriptor.mediaType, `manifest ${digest}`);
  const size = bytes.byteLength;
  if (!stored) await deps.content.write(ctx, chunks(bytes), { digest, size });
  return [manifest, { ...descriptor, mediaType: manifest.mediaType, size }];
}

async function configOf(
  ctx: Ctx,
  deps: ImagesDeps,
  held: Holdings,
  repository: Repository,
  descriptor: Descriptor,
): Promise<ImageConfig> {
  const what = `image config ${descriptor.digest}`;
  if (descriptor.size > MAX_CONFIG_SIZE) {
    throw new EngineError('invalid', `${what}: ${descriptor.size} bytes (at most ${MAX_CONFIG_SIZE})`);
  }
  await holdBlob(deps, held, descriptor.digest);
  const download = await deps.content.download(ctx, descriptor, (own, offset) =>
    repository.blob(own, descriptor, offset),
  );
  await download.commit(ctx);
  const bytes = await deps.content.readBytes(ctx, descriptor, MAX_CONFIG_SIZE);
  const config = parseImageConfig(bytes, what);
  checkHistory(config, what);
  return config;
}

function checkMediaTypes(manifest: ImageManifest, { digest }: Descriptor): void {
  const odd = [
    ...(isImageConfig(manifest.config.mediaType) ? [] : [`config: ${manifest.config.mediaType}`]),
    ...manifest.layers.flatMap(({ mediaType }, i) =>
      isLayer(mediaType) ? [] : [`layers[${i}]: ${mediaType}`],
    ),
  ];
  if (odd.length === 0) return;
  const message = `manifest ${digest}: this is no container image: unsupported media type (${odd.slice(0, 3).join(', ')})`;
  throw new EngineError('invalid', message);
}

function checkPlatform(config: ImageConfig, wanted: Platform, target: Descriptor): void {
  if (platformRank(config.platform, wanted) !== undefined) return;
  const actual = formatPlatform(config.platform);
  const message = `image ${target.digest} was found but its platform (${actual}) does not match the specified platform (${formatPlatform(wanted)})`;
  throw new EngineError('not-found', message);
}

function layerSources(
  deps: ImagesDeps,
  repository: Repository,
  manifest: ImageManifest,
  config: ImageConfig,
): LayerSource[] {
  if (manifest.layers.length !== config.diffIds.length) {
    const counts = `${manifest.layers.length} layers, but its config has ${config.diffIds.length} diff_ids`;
    throw new EngineError('invalid', `manifest of config ${manifest.config.digest}: ${counts}`);
  }
  return config.diffIds.flatMap((diffId, i) => {
    const blob = manifest.layers[i];
    if (!blob) return [];
    const download: LayerSource['download'] = (ctx, onRetry) =>
      deps.content.download(ctx, blob, (own, offset) => repository.blob(own, blob, offset, onRetry));
    return [{ diffId, blob, download, distrust: () => repository.distrust(blob.digest) }];
  });
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
