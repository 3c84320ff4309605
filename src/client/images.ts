import type { Readable } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import type { OciPlatform } from '../wire/types-common.ts';
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImagePruneResponse,
  ImageSummary,
} from '../wire/types-image.ts';
import { type Filters, filtersQuery } from './containers.ts';
import type { Engine, Query } from './engine.ts';
import type { Reply } from './http/exchange.ts';

/** References keep their slashes: the daemon's routes take them as they are. */
function path(name: string, rest = ''): string {
  return `/images/${encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':')}${rest}`;
}

export interface ListImagesQuery {
  all?: boolean;
  filters?: Filters;
  digests?: boolean;
  'shared-size'?: boolean;
  manifests?: boolean;
}

export function listImages(ctx: Ctx, engine: Engine, query: ListImagesQuery): Promise<ImageSummary[]> {
  return engine.json(ctx, 'GET', '/images/json', {
    query: { ...query, filters: filtersQuery(query.filters) },
  });
}

export interface PullQuery extends Query {
  /** Repository, without tag. */
  fromImage: string;
  /** Tag or digest; all tags when absent. */
  tag?: string | undefined;
  platform?: string | undefined;
}

/** A stream of progress records. `auth` is the encoded `X-Registry-Auth`. */
export function pullImage(ctx: Ctx, engine: Engine, query: PullQuery, auth?: string): Promise<Reply> {
  return engine.open(ctx, 'POST', '/images/create', {
    query,
    headers: auth === undefined ? {} : { 'X-Registry-Auth': auth },
  });
}

export interface ImportQuery extends Query {
  /** `-` for the request's body, else a URL the daemon fetches. */
  fromSrc: string;
  repo?: string | undefined;
  tag?: string | undefined;
  message?: string | undefined;
  changes?: readonly string[] | undefined;
  platform?: string | undefined;
}

/** A stream of progress records. */
export function importImage(ctx: Ctx, engine: Engine, query: ImportQuery, body?: Readable): Promise<Reply> {
  return engine.open(ctx, 'POST', '/images/create', {
    query,
    ...(body && { body, headers: { 'Content-Type': 'application/x-tar' } }),
  });
}

/** A stream of progress records when its content type is JSON, else plain text. */
export function loadImages(
  ctx: Ctx,
  engine: Engine,
  query: { quiet: boolean; platform?: OciPlatform },
  body: Readable,
): Promise<Reply> {
  return engine.open(ctx, 'POST', '/images/load', {
    query: { ...query },
    body,
    headers: { 'Content-Type': 'application/x-tar' },
  });
}

/** A tar archive of all `names`. */
export function saveImages(
  ctx: Ctx,
  engine: Engine,
  names: readonly string[],
  platform?: OciPlatform,
): Promise<Reply> {
  return engine.open(ctx, 'GET', '/images/get', { query: { names, platform } });
}

export function inspectImage(ctx: Ctx, engine: Engine, name: string): Promise<ImageInspect> {
  return engine.json(ctx, 'GET', path(name, '/json'));
}

/** The daemon's own JSON text. */
export function inspectImageRaw(
  ctx: Ctx,
  engine: Engine,
  name: string,
  platform?: OciPlatform,
): Promise<string> {
  return engine.text(ctx, 'GET', path(name, '/json'), { query: { platform } });
}

export function imageHistory(
  ctx: Ctx,
  engine: Engine,
  name: string,
  platform?: OciPlatform,
): Promise<ImageHistoryItem[]> {
  return engine.json(ctx, 'GET', path(name, '/history'), { query: { platform } });
}

export function tagImage(ctx: Ctx, engine: Engine, name: string, repo: string, tag: string): Promise<void> {
  return engine.send(ctx, 'POST', path(name, '/tag'), { query: { repo, tag } });
}

export interface RemoveImageQuery extends Query {
  force?: boolean | undefined;
  noprune?: boolean | undefined;
  platforms?: readonly string[] | undefined;
}

export function removeImage(
  ctx: Ctx,
  engine: Engine,
  name: string,
  query: RemoveImageQuery,
): Promise<ImageDeleteItem[]> {
  return engine.json(ctx, 'DELETE', path(name), { query });
}

export function pruneImages(ctx: Ctx, engine: Engine, filters: Filters): Promise<ImagePruneResponse> {
  return engine.json(ctx, 'POST', '/images/prune', { query: { filters: filtersQuery(filters) } });
}
