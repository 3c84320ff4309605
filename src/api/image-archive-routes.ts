import type { Ctx } from '../base/ctx.ts';
import { defined } from '../base/defined.ts';
import { EngineError, messageOf } from '../base/errors.ts';
import type { ImagesDeps } from '../engine/images-deps.ts';
import { importImage } from '../engine/import.ts';
import { loadImages } from '../engine/load.ts';
import { saveImages } from '../engine/save.ts';
import { namedReference, platformOf } from './image-query.ts';
import { progressReply } from './progress-stream.ts';
import { type Reply, stream } from './reply.ts';
import { type ApiRequest, param, queryBool, queryString } from './request.ts';
import type { Route } from './router.ts';

/** Images as archives: save, load, and import of a root file system. */
export function imageArchiveRoutes(deps: ImagesDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/images/get',
      handle: (request) => save(deps, request, request.query.getAll('names')),
    },
    {
      method: 'GET',
      path: '/images/{name:.*}/get',
      handle: (request) => save(deps, request, [param(request, 'name')]),
    },
    { method: 'POST', path: '/images/load', handle: (request) => load(deps, request) },
  ];
}

/** Old clients send several names in one parameter. */
function namesOf(given: readonly string[]): string[] {
  return given.flatMap((each) => each.split(',')).filter((name) => name !== '');
}

/** The archive is made while it is sent: what it is made of stays held until the last byte, or until the client is gone. */
function save(deps: ImagesDeps, request: ApiRequest, names: readonly string[]): Promise<Reply> {
  const wanted = { images: namesOf(names), ...defined({ platform: platformOf(request) }) };
  return new Promise((resolve, reject) => {
    const send = (archive: AsyncIterable<Uint8Array>): Promise<void> =>
      new Promise((sent) => {
        request.ctx.signal.addEventListener('abort', () => sent(), { once: true });
        resolve(stream('application/x-tar', whenDone(archive, sent)));
      });
    saveImages(request.ctx, deps, wanted, send).catch(reject);
  });
}

async function* whenDone(archive: AsyncIterable<Uint8Array>, done: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* archive;
  } finally {
    done();
  }
}

function load(deps: ImagesDeps, request: ApiRequest): Promise<Reply> {
  const quiet = queryBool(request, 'quiet');
  return progressReply(async (report) => {
    await loadImages(
      request.ctx,
      deps,
      request.body,
      defined({ platform: platformOf(request) }),
      (progress) => {
        if (!quiet || progress.kind === 'text') report(progress);
      },
    );
  });
}

/** `POST /images/create` with `fromSrc`: `-` for the body, else a URL. */
export function importRoute(deps: ImagesDeps, request: ApiRequest, source: string): Promise<Reply> {
  const repository = queryString(request, 'repo');
  const name = repository === undefined ? undefined : namedReference(repository, queryString(request, 'tag'));
  return progressReply(async (report) => {
    const id = await importImage(request.ctx, deps, {
      tar: source === '-' ? request.body : await fetchTar(request.ctx, source),
      changes: request.query.getAll('changes'),
      message: queryString(request, 'message') ?? '',
      ...defined({ name, platform: platformOf(request) }),
    });
    report({ kind: 'status', status: id });
  });
}

async function fetchTar(ctx: Ctx, source: string): Promise<AsyncIterable<Uint8Array>> {
  const text = source.includes('://') ? source : `http://${source}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new EngineError('invalid', `invalid fromSrc ${JSON.stringify(source)}: expected - or a URL`);
  }
  try {
    const response = await fetch(url, { signal: ctx.signal });
    if (response.ok && response.body) return response.body;
    throw new EngineError(
      'unavailable',
      `Got HTTP status code >= 400: ${response.status} ${response.statusText}`,
    );
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError('unavailable', `cannot fetch ${url.origin}${url.pathname}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
