import { defined } from '../base/defined.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { credentialsOf } from '../distribution/credentials.ts';
import type { ImagesDeps } from '../engine/images-deps.ts';
import { historyOfImage, inspectImage } from '../engine/images-inspect.ts';
import { listImages } from '../engine/images-list.ts';
import { pruneImages } from '../engine/images-prune.ts';
import { removeImage } from '../engine/images-remove.ts';
import { tagImage } from '../engine/images-tag.ts';
import { pullImage } from '../engine/pull.ts';
import { decodeRegistryAuth } from '../formats/docker-config.ts';
import type { ImagePruneResponse } from '../wire/types-image.ts';
import { importRoute } from './image-archive-routes.ts';
import { namedReference, platformOf } from './image-query.ts';
import { historyItem, imageInspect, imageSummary, removedItem } from './image-views.ts';
import { progressReply } from './progress-stream.ts';
import { empty, json, type Reply } from './reply.ts';
import { type ApiRequest, param, queryBool, queryFilters, queryString } from './request.ts';
import type { Route } from './router.ts';

/** `/images`. `driver` is the storage driver's name as inspect shows it. */
export function imageRoutes(deps: ImagesDeps, driver: string): Route[] {
  return [
    { method: 'GET', path: '/images/json', handle: (request) => list(deps, request) },
    { method: 'POST', path: '/images/create', handle: (request) => create(deps, request) },
    { method: 'POST', path: '/images/prune', since: 25, handle: (request) => prune(deps, request) },
    { method: 'GET', path: '/images/{name:.*}/json', handle: (request) => inspect(deps, driver, request) },
    { method: 'GET', path: '/images/{name:.*}/history', handle: (request) => history(deps, request) },
    { method: 'POST', path: '/images/{name:.*}/tag', handle: (request) => tag(deps, request) },
    { method: 'DELETE', path: '/images/{name:.*}', handle: (request) => remove(deps, request) },
  ];
}

function list(deps: ImagesDeps, request: ApiRequest): Reply {
  const listings = listImages(deps, {
    all: queryBool(request, 'all'),
    sharedSize: queryBool(request, 'shared-size'),
    filters: queryFilters(request),
  });
  return json(listings.map((listing) => imageSummary(listing, request.version)));
}

async function inspect(deps: ImagesDeps, driver: string, request: ApiRequest): Promise<Reply> {
  return json(
    imageInspect(await inspectImage(request.ctx, deps, param(request, 'name')), driver, request.version),
  );
}

async function history(deps: ImagesDeps, request: ApiRequest): Promise<Reply> {
  return json((await historyOfImage(request.ctx, deps, param(request, 'name'))).map(historyItem));
}

async function tag(deps: ImagesDeps, request: ApiRequest): Promise<Reply> {
  const name = namedReference(queryString(request, 'repo') ?? '', queryString(request, 'tag'));
  await tagImage(request.ctx, deps, param(request, 'name'), name);
  return empty(201);
}

async function remove(deps: ImagesDeps, request: ApiRequest): Promise<Reply> {
  const { removed } = await removeImage(request.ctx, deps, param(request, 'name'), {
    force: queryBool(request, 'force'),
    noPrune: queryBool(request, 'noprune'),
  });
  return json(removed.map(removedItem));
}

async function prune(deps: ImagesDeps, request: ApiRequest): Promise<Reply> {
  const { removed, freed } = await pruneImages(request.ctx, deps, queryFilters(request));
  const answer: ImagePruneResponse = {
    ImagesDeleted: removed.length > 0 ? removed.map(removedItem) : null,
    SpaceReclaimed: freed,
  };
  return json(answer);
}

/** `POST /images/create`: a pull with `fromImage`, an import with `fromSrc`. */
async function create(deps: ImagesDeps, request: ApiRequest): Promise<Reply> {
  const from = queryString(request, 'fromImage');
  if (from !== undefined) return pull(deps, request, from);
  const source = queryString(request, 'fromSrc');
  if (source !== undefined) return importRoute(deps, request, source);
  throw new EngineError('invalid', 'one of fromImage and fromSrc must be given');
}

function pull(deps: ImagesDeps, request: ApiRequest, from: string): Promise<Reply> {
  const wanted = queryString(request, 'tag');
  const reference = namedReference(from, wanted);
  const auth = request.headers['x-registry-auth'];
  const credentials = credentialsOf(decodeRegistryAuth(typeof auth === 'string' ? auth : undefined));
  // Without a tag the API means all of them; the command line always sends one.
  const allTags = reference.tag === undefined && reference.digest === undefined;
  return progressReply((report) =>
    pullImage(
      request.ctx,
      deps,
      { reference, credentials, allTags, ...defined({ platform: platformOf(request) }) },
      report,
    ).catch(asPullFailure),
  );
}

/** dockerd answers 500 here: at a 401 clients ask for a password, or fail over that, instead of showing the reason. */
function asPullFailure(error: unknown): never {
  if (isEngineError(error, 'unauthorized')) throw new EngineError('system', error.message, { cause: error });
  throw error;
}
