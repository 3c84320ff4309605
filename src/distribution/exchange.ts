import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { type Authorization, Authorizer, type Petition } from './auth/authorizer.ts';
import { ANONYMOUS, type Credentials } from './credentials.ts';
import type { Endpoint } from './endpoints.ts';
import { sendFollowing } from './redirects.ts';
import { MAX_ERROR_BODY, parseRefusal, type Refusal } from './refusal.ts';
import type { RegistryConfig } from './registry-config.ts';
import { discard, readBounded, readStart } from './transport/body.ts';
import { networkError, operation } from './transport/network-error.ts';
import { type Request, type Response, Transport } from './transport/transport.ts';

/** A request to a registry, whichever endpoint it goes to. */
export interface Ask {
  readonly method: 'GET' | 'HEAD';
  /** Below `/v2/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
  readonly offline?: boolean;
}

export type Answer =
  /** Status 2xx; the body is to be read or destroyed. */
  | { readonly kind: 'answered'; readonly response: Response }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** How often a registry may ask for other credentials before its 401 is taken for a no. */
const MAX_CHALLENGES = 2;
const MAX_TOKEN_BODY = 1 << 20;

/** Requests to registries with everything HTTP: connections, redirects, challenges, tokens, refusals. */
export class Exchange {
  readonly #config: RegistryConfig;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;

  constructor(config: RegistryConfig) {
    this.#config = config;
    this.#transport = new Transport(config);
    this.#authorizer = new Authorizer((ctx, request) => this.#sendToken(ctx, request));
  }

  /** Asks one endpoint. Throws `unavailable` when it cannot be reached, `invalid` when it breaks the rules of HTTP. */
  async ask(ctx: Ctx, endpoint: Endpoint, credentials: Credentials, ask: Ask): Promise<Answer> {
    const { offline = false } = ask;
    const petition = {
      endpoint,
      scopes: ask.scopes,
      offline,
      credentials: endpoint.mirror ? ANONYMOUS : credentials,
    };
    const url = new URL(`/v2/${ask.path}`, endpoint.origin);
    const plain: Request = {
      method: ask.method,
      url,
      headers: ask.headers ?? {},
      verifyTls: endpoint.verifyTls,
    };
    for (let challenges = 0; ; challenges++) {
      const authorization = await this.#authorizer.authorize(ctx, petition);
      if (authorization.kind === 'refused' || authorization.kind === 'no-credentials') {
        return { kind: 'refused', refusal: authorizationRefusal(plain, authorization) };
      }
      const response = await sendFollowing(ctx, this.#transport, authorized(plain, authorization));
      if (response.status >= 200 && response.status < 300) return { kind: 'answered', response };
      const again = challenges < MAX_CHALLENGES && this.#takeChallenge(petition, authorization, response);
      if (!again) return { kind: 'refused', refusal: await this.#refusal(ctx, response) };
      discard(response.body);
    }
  }

  /** Whether anybody answers at an endpoint, with whatever status. Throws `unavailable` when nobody does. */
  async ping(ctx: Ctx, { origin, verifyTls }: Endpoint): Promise<void> {
    const url = new URL('/v2/', origin);
    const { body } = await this.#transport.send(ctx, { method: 'GET', url, headers: {}, verifyTls });
    discard(body);
  }

  /** The identity token got along with the last token for these scopes. */
  identityToken(petition: Petition): string | undefined {
    return this.#authorizer.identityToken(petition);
  }

  close(): void {
    this.#transport.close();
  }

  /** True when a 401 of the registry itself (not of where it redirected to) leaves something else to try. */
  #takeChallenge(petition: Petition, tried: Authorization, response: Response): boolean {
    const own = response.request.url.origin === petition.endpoint.origin.origin;
    if (response.status !== 401 || !own) return false;
    if (petition.credentials.kind === 'registry-token') return false;
    if (tried.kind === 'header') {
      if (tried.value.startsWith('Basic ')) return false;
      this.#authorizer.forget(petition);
    }
    return this.#authorizer.learn(petition.endpoint, response.headers['www-authenticate']);
  }

  async #sendToken(ctx: Ctx, request: Request): Promise<{ body: Uint8Array } | { refusal: Refusal }> {
    const response = await sendFollowing(ctx, this.#transport, request);
    if (response.status !== 200) return { refusal: await this.#refusal(ctx, response) };
    const body = await this.readBody(ctx, response, MAX_TOKEN_BODY);
    if (!body) {
      throw new EngineError('invalid', `${operation(request.method, request.url)}: token larger than 1 MiB`);
    }
    return { body };
  }

  /** A small body; undefined when larger than `limit` bytes. */
  async readBody(ctx: Ctx, { request, body }: Response, limit: number): Promise<Buffer | undefined> {
    try {
      return await readBounded(ctx, body, limit, this.#config.timeouts.stall);
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      throw networkError(request.method, request.url, error);
    }
  }

  async #refusal(ctx: Ctx, response: Response): Promise<Refusal> {
    const { status, statusText, headers, request } = response;
    // What a body breaking off would have said is lost; the status says enough.
    const { stall } = this.#config.timeouts;
    const body = await readStart(ctx, response.body, MAX_ERROR_BODY, stall).catch(() => Buffer.alloc(0));
    return parseRefusal({
      status,
      statusText,
      challenge: headers['www-authenticate'],
      retryAfter: headers['retry-after'],
      body: redact(body.toString('utf8'), request),
    });
  }
}

function authorized(request: Request, authorization: Authorization): Request {
  if (authorization.kind !== 'header') return request;
  return { ...request, headers: { ...request.headers, Authorization: authorization.value } };
}

/** Docker's words for it name the request that could not be made. */
function authorizationRefusal(
  request: Request,
  authorization: Extract<Authorization, { kind: 'refused' | 'no-credentials' }>,
): Refusal {
  const where = operation(request.method, request.url);
  if (authorization.kind === 'no-credentials') {
    return { status: 401, code: 'UNAUTHORIZED', message: `${where}: no basic auth credentials` };
  }
  const { refusal } = authorization;
  return refusal.code === 'DENIED' ? refusal : { ...refusal, message: `${where}: ${refusal.message}` };
}

/** A server that echoes what it was sent must not bring secrets into messages and logs. */
function redact(body: string, request: Request): string {
  return secretsOf(request).reduce((text, each) => (each ? text.replaceAll(each, 'xxxxx') : text), body);
}

function secretsOf({ headers, body }: Request): string[] {
  const value = headers['Authorization'] ?? '';
  const secret = value.slice(value.indexOf(' ') + 1);
  const password = Buffer.from(secret, 'base64').toString('utf8').split(':').slice(1).join(':');
  const refresh = typeof body === 'string' ? new URLSearchParams(body).get('refresh_token') : null;
  return [secret, password, refresh ?? ''];
}
