import type { Ctx } from '../base/ctx.ts';
import { checkCancelled } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import { isNondistributable } from '../formats/media-types.ts';
import type { Endpoint } from './endpoints.ts';
import { pullError } from './pull-error.ts';
import type { Refusal } from './refusal.ts';
import { backoffMs, isTransient } from './retry-policy.ts';
import { pause, repositoryAsk, type Session } from './session.ts';
import { chunksOf } from './transport/body.ts';
import { networkError, operation } from './transport/network-error.ts';
import type { Response } from './transport/transport.ts';

/** A wait before the next attempt, for whoever shows progress ("Retrying in 5 seconds"). */
export interface Retry {
  readonly error: EngineError;
  readonly waitMs: number;
}

/** Bytes that make an attempt worth its while; a server that gives fewer each time is given up. */
const LEAST_PROGRESS = 1024;

/** Why an attempt ended. `next` says what there is to do: ask again, or ask this endpoint no more. */
interface Failure {
  readonly error: EngineError;
  readonly next: 'retry' | 'elsewhere';
  readonly retryAfterMs?: number;
}

/**
 * The bytes of a blob from `offset` to its end. A transfer that breaks off, stalls, or meets passing trouble goes on at the
 * byte where it was: first at the other endpoints, then after a pause. It is given up after `maxDownloadAttempts` without
 * progress, or when no endpoint has the blob. `distrusted` endpoints are asked last: they have served wrong bytes before.
 */
export async function* readBlob(
  ctx: Ctx,
  session: Session,
  blob: Descriptor,
  offset: number,
  options: {
    onRetry?: (retry: Retry) => void;
    distrusted: ReadonlySet<string>;
    served: (by: Endpoint) => void;
  },
): AsyncGenerator<Uint8Array> {
  const trusted = (endpoint: Endpoint): boolean => !options.distrusted.has(endpoint.origin.href);
  const all = await session.endpoints(ctx);
  let left = [...all.filter(trusted), ...all.filter((endpoint) => !trusted(endpoint))];
  const cursor = { at: offset };
  for (let attempt = 1, index = 0; cursor.at < blob.size; ) {
    const endpoint = left[index % left.length];
    if (!endpoint) return;
    const from = cursor.at;
    const failure = yield* attemptBlob(ctx, session, endpoint, blob, cursor);
    if (cursor.at > from) options.served(endpoint);
    if (!failure) continue;
    checkCancelled(ctx);
    attempt = cursor.at - from >= LEAST_PROGRESS ? 2 : attempt + 1;
    if (failure.next === 'elsewhere') left = left.filter((each) => each !== endpoint);
    else index++;
    if (left.length === 0 || attempt > session.config.maxDownloadAttempts) throw failure.error;
    if (failure.next === 'elsewhere' || index % left.length !== 0) continue;
    const waitMs = backoffMs(attempt, session.config.timeouts.backoff, failure.retryAfterMs);
    options.onRetry?.({ error: failure.error, waitMs });
    await pause(ctx, waitMs);
  }
}

/**
 * One request from `cursor` on, which moves along; yields what comes of it and returns why it ended early, undefined when it
 * came to the end.
 */
async function* attemptBlob(
  ctx: Ctx,
  session: Session,
  endpoint: Endpoint,
  blob: Descriptor,
  cursor: { at: number },
): AsyncGenerator<Uint8Array, Failure | undefined> {
  const release = await session.downloads.acquire(ctx);
  try {
    const opened = await openBlob(ctx, session, endpoint, blob, cursor.at);
    if ('error' in opened) return opened;
    return yield* readBody(ctx, session, opened.response, blob, cursor, opened.skip);
  } catch (error) {
    if (!isEngineError(error, 'unavailable', 'invalid', 'data-loss')) throw error;
    return { error, next: error.kind === 'unavailable' ? 'retry' : 'elsewhere' };
  } finally {
    release();
  }
}

/** Asks for the blob from byte `from` on. `skip` is how many bytes come first that are here already. */
async function openBlob(
  ctx: Ctx,
  session: Session,
  endpoint: Endpoint,
  blob: Descriptor,
  from: number,
): Promise<Failure | { readonly response: Response; readonly skip: number }> {
  const range: Record<string, string> = from > 0 ? { Range: `bytes=${from}-` } : {};
  const headers = { 'Accept-Encoding': 'identity', ...range };
  const request = { method: 'GET', path: `blobs/${blob.digest}`, headers } as const;
  const ask = repositoryAsk(session, endpoint, request);
  const answer = await session.exchange.ask(ctx, endpoint, session.credentials, ask);
  if (answer.kind === 'answered') return checkOffer(answer.response, blob, from);
  const { refusal } = answer;
  const error = refusal.status === 404 ? missing(blob, refusal) : pullError(session.reference, refusal);
  const wait = refusal.retryAfterMs;
  return {
    error,
    next: isTransient(refusal) ? 'retry' : 'elsewhere',
    ...(wait !== undefined && { retryAfterMs: wait }),
  };
}

function missing({ digest, mediaType }: Descriptor, refusal: Refusal): EngineError {
  return isNondistributable(mediaType)
    ? new EngineError(
        'not-implemented',
        `layer ${digest} is not in its registry (${mediaType}); layers kept elsewhere are not fetched`,
      )
    : new EngineError('not-found', `blob ${digest} not found: ${refusal.message}`);
}

/** Refuses an offer that cannot be the blob: another size, another place, an encoding. A server may ignore a range. */
function checkOffer(
  response: Response,
  blob: Descriptor,
  from: number,
): Failure | { readonly response: Response; readonly skip: number } {
  const { headers, status, request } = response;
  const refuse = (why: string): Failure => {
    response.body.destroy();
    const where = operation(request.method, request.url);
    return { error: new EngineError('data-loss', `${where}: ${blob.digest}: ${why}`), next: 'elsewhere' };
  };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return refuse(`it comes with content encoding ${JSON.stringify(encoding)}`);
  const skip = status === 206 ? 0 : from;
  if (status === 206) {
    const start = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
    if (Number(start) !== from)
      return refuse(`bytes from ${from} on were asked for, they come from ${start}`);
  }
  const length = headers['content-length'];
  const expected = blob.size - from + skip;
  if (length !== undefined && Number(length) !== expected) {
    return refuse(`${length} bytes are offered where its descriptor has ${expected}`);
  }
  return { response, skip };
}

/** Yields what of the body is wanted. */
async function* readBody(
  ctx: Ctx,
  session: Session,
  { body, request }: Response,
  blob: Descriptor,
  cursor: { at: number },
  skip: number,
): AsyncGenerator<Uint8Array, Failure | undefined> {
  const where = operation(request.method, request.url);
  let toSkip = skip;
  const chunks = chunksOf(ctx, body, session.config.timeouts.stall);
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown) => {
        if (isEngineError(error, 'cancelled')) throw error;
        throw networkError(request.method, request.url, error);
      });
      if (next.done) break;
      const wanted = next.value.subarray(Math.min(toSkip, next.value.byteLength));
      toSkip -= next.value.byteLength - wanted.byteLength;
      if (cursor.at + wanted.byteLength > blob.size) {
        throw new EngineError(
          'data-loss',
          `${where}: more than the ${blob.size} bytes of ${blob.digest} came`,
        );
      }
      cursor.at += wanted.byteLength;
      if (wanted.byteLength > 0) yield wanted;
    }
  } finally {
    await chunks.return(undefined);
  }
  if (cursor.at === blob.size) return undefined;
  return { error: new EngineError('unavailable', `${where}: unexpected EOF`), next: 'retry' };
}
