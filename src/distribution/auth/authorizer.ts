import { createHash } from 'node:crypto';
import type { Ctx } from '../../base/ctx.ts';
import { SingleFlight } from '../../base/single-flight.ts';
import type { Credentials } from '../credentials.ts';
import type { Endpoint } from '../endpoints.ts';
import type { Refusal } from '../refusal.ts';
import type { Request } from '../transport/transport.ts';
import { parseChallenges } from './challenge.ts';
import { basicAuthorization, parseRealm, parseToken, type Token, tokenRequest } from './token-request.ts';

/** What to send as `Authorization`. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'header'; readonly value: string }
  /** The registry wants basic authentication and there is nothing to show. */
  | { readonly kind: 'no-credentials' }
  /** The token server said no. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Who asks, of whom, for what. */
export interface Petition {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
  /** `repository:library/busybox:pull`. */
  readonly scopes: readonly string[];
  /** Ask for an identity token as well. */
  readonly offline?: boolean;
}

/** Sends a request to a token server: the bytes of its answer, or why not. */
export type SendToken = (ctx: Ctx, request: Request) => Promise<{ body: Uint8Array } | { refusal: Refusal }>;

/** How one registry origin wants to be shown who asks. */
type Scheme =
  | { readonly kind: 'basic' }
  | {
      readonly kind: 'bearer';
      readonly realm: string | undefined;
      readonly service: string;
      readonly scopes: readonly string[];
    };

const MAX_SCHEMES = 1000;
/** A token is not used in the last tenth of its life: the request has to arrive and be judged too. */
const USABLE_PART = 0.9;

/**
 * Learns from challenges what each registry wants, and gets and keeps tokens. Only a challenge of the registry itself is to
 * be learned from: credentials must not go where a redirect's target asks for them (CVE-2020-15157).
 */
export class Authorizer {
  readonly #send: SendToken;
  readonly #schemes = new Map<string, Scheme>();
  readonly #tokens = new Map<string, { token: Token; until: number }>();
  readonly #flights = new SingleFlight<Token | Refusal>();

  constructor(send: SendToken) {
    this.#send = send;
  }

  /** Takes in a `WWW-Authenticate` header; false when it offers nothing we can do. */
  learn(endpoint: Endpoint, header: string | undefined): boolean {
    const scheme = chooseScheme(header);
    if (!scheme) return false;
    if (this.#schemes.size >= MAX_SCHEMES) this.#schemes.clear();
    this.#schemes.set(endpoint.origin.origin, scheme);
    return true;
  }

  /** Drops the token that `petition` would be answered with: the registry does not take it any more. */
  forget(petition: Petition): void {
    const scheme = this.#schemes.get(petition.endpoint.origin.origin);
    if (scheme?.kind === 'bearer') this.#tokens.delete(tokenKey(scheme, petition));
  }

  async authorize(ctx: Ctx, petition: Petition): Promise<Authorization> {
    const { credentials, endpoint } = petition;
    if (credentials.kind === 'registry-token') return bearer(credentials.token);
    const scheme = this.#schemes.get(endpoint.origin.origin);
    if (!scheme) return { kind: 'none' };
    if (scheme.kind === 'basic') {
      return credentials.kind === 'password'
        ? { kind: 'header', value: basicAuthorization(credentials) }
        : { kind: 'no-credentials' };
    }
    const got = await this.#token(ctx, scheme, petition);
    return 'token' in got ? bearer(got.token) : { kind: 'refused', refusal: got };
  }

  /** The identity token that came with `petition`'s token, if any. */
  identityToken(petition: Petition): string | undefined {
    const scheme = this.#schemes.get(petition.endpoint.origin.origin);
    if (scheme?.kind !== 'bearer') return undefined;
    return this.#tokens.get(tokenKey(scheme, petition))?.token.identityToken;
  }

  async #token(ctx: Ctx, scheme: Scheme & { kind: 'bearer' }, petition: Petition): Promise<Token | Refusal> {
    const key = tokenKey(scheme, petition);
    const known = this.#tokens.get(key);
    if (known && known.until > Date.now()) return known.token;
    // Shared by all who wait for it, so that one who goes away must not take it from the others.
    const shared = { ...ctx, signal: AbortSignal.timeout(60_000) };
    return this.#flights.run(key, () => this.#fetch(shared, key, scheme, petition));
  }

  async #fetch(
    ctx: Ctx,
    key: string,
    scheme: Scheme & { kind: 'bearer' },
    petition: Petition,
  ): Promise<Token | Refusal> {
    const { endpoint, credentials, offline = false } = petition;
    const realm = parseRealm(scheme.realm, endpoint.origin);
    const scopes = mergeScopes(scheme, petition);
    const options = { verifyTls: endpoint.verifyTls, offline };
    const request = tokenRequest({ realm, service: scheme.service }, scopes, credentials, options);
    const answer = await this.#send(ctx, request);
    if ('refusal' in answer) return answer.refusal;
    const token = parseToken(answer.body, realm);
    const now = Date.now();
    for (const [old, { until }] of this.#tokens) if (until <= now) this.#tokens.delete(old);
    this.#tokens.set(key, { token, until: now + token.expiresIn * 1000 * USABLE_PART });
    return token;
  }
}

function bearer(token: string): Authorization {
  return { kind: 'header', value: `Bearer ${token}` };
}

/** Tokens before passwords, whatever the order they are offered in. */
function chooseScheme(header: string | undefined): Scheme | undefined {
  const challenges = parseChallenges(header);
  const token = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters;
  if (token) {
    // Of a repository we know ourselves what to ask for, and the next request may be for another one.
    const extra = (token['scope'] ?? '').split(' ').filter((scope) => !/^(?:repository:|$)/.test(scope));
    return { kind: 'bearer', realm: token['realm'], service: token['service'] ?? '', scopes: extra };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { kind: 'basic' } : undefined;
}

function mergeScopes(scheme: Scheme & { kind: 'bearer' }, { scopes }: Petition): readonly string[] {
  return [...new Set([...scopes, ...scheme.scopes])];
}

function tokenKey(scheme: Scheme & { kind: 'bearer' }, petition: Petition): string {
  const { credentials, offline } = petition;
  const parts = [scheme.realm, scheme.service, mergeScopes(scheme, petition), credentials, offline ?? false];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
