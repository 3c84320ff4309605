import { setTimeout as sleep } from 'node:timers/promises';
import type { Ctx } from '../base/ctx.ts';
import { checkCancelled } from '../base/ctx.ts';
import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import type { Reference } from '../formats/reference.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import type { Ask, Exchange } from './exchange.ts';
import { pullError } from './pull-error.ts';
import type { RegistryConfig } from './registry-config.ts';
import { backoffMs, isTransient } from './retry-policy.ts';
import type { Semaphore } from './semaphore.ts';
import { isPermanent } from './transport/network-error.ts';
import type { Response } from './transport/transport.ts';

/** What all operations on one repository share. */
export interface Session {
  readonly config: RegistryConfig;
  readonly exchange: Exchange;
  readonly reference: Reference;
  readonly credentials: Credentials;
  readonly downloads: Semaphore;
  /** The endpoints to try: mirrors in order, then the registry. Throws `unavailable` when that cannot be told. */
  endpoints(ctx: Ctx): Promise<readonly Endpoint[]>;
}

/** How often an endpoint with nobody after it is asked for something small. */
const MAX_ATTEMPTS = 3;

/** The request for something of the session's repository (`manifests/…`, `blobs/…`) at `endpoint`. */
export function repositoryAsk(
  session: Session,
  endpoint: Endpoint,
  request: Pick<Ask, 'method' | 'path' | 'headers'>,
): Ask {
  const repository = endpoint.namespace + session.reference.path;
  const scopes = [`repository:${repository}:pull`];
  return { ...request, path: `${repository}/${request.path}`, scopes };
}

/** What came of asking: what `read` made of the answer, or the registry's own no. */
export type Asked<T> = { readonly value: T } | { readonly refused: EngineError };

/**
 * Asks the endpoints one after the other until one answers with what `read` can use. A mirror's refusal, an endpoint not to be
 * reached, or one that answers nonsense, lead to the next; the registry's own refusal is the last word and is returned.
 * The last endpoint is asked again after passing trouble. Throws the last endpoint's error when none will do.
 */
export async function askAny<T>(
  ctx: Ctx,
  session: Session,
  request: Pick<Ask, 'method' | 'path' | 'headers'>,
  read: (response: Response) => Promise<T>,
): Promise<Asked<T>> {
  let failure: unknown;
  const endpoints = await session.endpoints(ctx);
  for (const endpoint of endpoints) {
    try {
      const attempts = endpoint === endpoints.at(-1) ? MAX_ATTEMPTS : 1;
      const asked = await askPatiently(ctx, session, endpoint, request, read, attempts);
      if ('value' in asked || !endpoint.mirror) return asked;
      failure = asked.refused;
    } catch (error) {
      if (!isEngineError(error, 'unavailable', 'invalid', 'data-loss')) throw error;
      failure = error;
    }
    const fields = { endpoint: endpoint.origin.origin, error: messageOf(failure) };
    ctx.log.debug('registry endpoint will not do', fields);
  }
  throw failure ?? new EngineError('system', `no endpoint for ${session.reference.domain}`);
}

/** One endpoint, up to `attempts` times while its trouble may pass. */
async function askPatiently<T>(
  ctx: Ctx,
  session: Session,
  endpoint: Endpoint,
  request: Pick<Ask, 'method' | 'path' | 'headers'>,
  read: (response: Response) => Promise<T>,
  attempts: number,
): Promise<Asked<T>> {
  const ask = repositoryAsk(session, endpoint, request);
  const { backoff } = session.config.timeouts;
  for (let attempt = 1; ; attempt++) {
    checkCancelled(ctx);
    const isLast = attempt >= attempts;
    let wait: number | undefined;
    try {
      const answer = await session.exchange.ask(ctx, endpoint, session.credentials, ask);
      if (answer.kind === 'answered') return { value: await read(answer.response) };
      const { refusal } = answer;
      const wouldHelp =
        isTransient(refusal) && (refusal.status !== 429 || refusal.retryAfterMs !== undefined);
      if (isLast || !wouldHelp) return { refused: pullError(session.reference, refusal) };
      wait = refusal.retryAfterMs;
    } catch (error) {
      if (isLast || !isEngineError(error, 'unavailable') || isPermanent(error)) throw error;
    }
    await pause(ctx, backoffMs(attempt + 1, backoff, wait));
  }
}

/** Waits; throws `cancelled` when `ctx` is cancelled meanwhile. */
export async function pause(ctx: Ctx, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: ctx.signal }).catch(() => checkCancelled(ctx));
}
