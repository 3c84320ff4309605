import type { Ctx } from '../base/ctx.ts';
import type { Credentials } from '../distribution/credentials.ts';
import { shortId } from '../formats/digest.ts';
import { hostPlatform, type Platform } from '../formats/platform.ts';
import {
  familiarName,
  familiarString,
  type Reference,
  repositoryOf,
  withDefaultTag,
  withTagOrDigest,
} from '../formats/reference.ts';
import { IMAGES } from '../images/image-record.ts';
import { commitImages } from './images-commit.ts';
import type { ImagesDeps } from './images-deps.ts';
import { imageEvent } from './images-events.ts';
import { withHoldings } from './images-holdings.ts';
import { installLayers } from './images-layers.ts';
import { type Report, reportLayers } from './images-progress.ts';
import { fetchImage } from './images-remote.ts';

export interface PullRequest {
  /** Without tag and digest: `:latest`, or with `allTags` every tag. */
  readonly reference: Reference;
  readonly credentials: Credentials;
  /** Absent: the host's. */
  readonly platform?: Platform;
  readonly allTags?: boolean;
}

/**
 * Brings an image in from its registry: reference → resolve → platform → per layer, in parallel, fetch ∥ unpack →
 * record. Errors: `not-found` (no such image or platform), `unauthorized`, `unavailable`, `data-loss`, `no-space`.
 */
export async function pullImage(
  ctx: Ctx,
  deps: ImagesDeps,
  request: PullRequest,
  report: Report,
): Promise<void> {
  const { reference, credentials } = request;
  if (!request.allTags) {
    await pullOne(ctx, deps, request, withDefaultTag(reference), report);
    return;
  }
  const tags = await deps.registries.repository(repositoryOf(reference), credentials).tags(ctx);
  for (const tag of tags) await pullOne(ctx, deps, request, withTagOrDigest(reference, tag), report);
}

async function pullOne(
  ctx: Ctx,
  deps: ImagesDeps,
  request: PullRequest,
  reference: Reference,
  report: Report,
): Promise<void> {
  const repository = deps.registries.repository(reference, request.credentials);
  const tag = reference.digest ?? reference.tag ?? '';
  const [committed] = await withHoldings(ctx, deps, 'keep', async (held) => {
    const image = await fetchImage(ctx, deps, held, repository, {
      platform: request.platform ?? hostPlatform(),
      exact: request.platform !== undefined,
    });
    // Not before: what goes wrong until here is an answer of its own, with its own status.
    report({ kind: 'status', id: tag, status: `Pulling from ${reference.path}` });
    // Of an image that is here dockerd tells nothing layer by layer.
    const told = deps.store.has(IMAGES, image.id) ? [] : image.layers;
    const ids = told.map(({ blob }) => shortId(blob.digest));
    await installLayers(ctx, deps, held, image.layers, reportLayers(ids, report));
    report({ kind: 'status', status: `Digest: ${image.target.digest}` });
    const origin = { ...repositoryOf(reference), digest: image.target.digest };
    const names = reference.digest ? [origin] : [reference, origin];
    return commitImages(deps, [{ image, target: image.target, names }]);
  });
  const familiar = familiarString(reference);
  if (committed) imageEvent(deps, 'pull', committed.record.id, familiarName(reference), familiar);
  const news = committed?.news ? 'Downloaded newer image for' : 'Image is up to date for';
  report({ kind: 'status', status: `Status: ${news} ${familiar}` });
}
