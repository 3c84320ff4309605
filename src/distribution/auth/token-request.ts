import { EngineError } from '../../base/errors.ts';
import { jsonSize, optionalString, parseJsonObject, present } from '../../formats/json.ts';
import type { Credentials } from '../credentials.ts';
import type { Request } from '../transport/transport.ts';

/** Where tokens for a registry are had, as its challenge says. */
export interface TokenServer {
  readonly realm: URL;
  readonly service: string;
}

export interface Token {
  readonly token: string;
  /** Seconds from its receipt. */
  readonly expiresIn: number;
  /** Refresh token, when one was asked for. */
  readonly identityToken?: string;
}

const CLIENT_ID = 'gantry';
/** What a token without `expires_in` is good for (distribution's token specification). */
const DEFAULT_SECONDS = 60;

/**
 * Checks the realm of a challenge by `registry`. Credentials go to the realm, so a registry reached safely must not send
 * them over plain HTTP, nor elsewhere than to a host. Throws `unauthorized`.
 */
export function parseRealm(realm: string | undefined, registry: URL): URL {
  const refuse = (why: string): EngineError =>
    new EngineError('unauthorized', `the token server of ${registry.host} is refused: ${why}`);
  if (!realm || !URL.canParse(realm)) throw refuse(`its realm ${JSON.stringify(realm ?? '')} is no URL`);
  const url = new URL(realm);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse(`its realm speaks ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw refuse('its realm holds credentials');
  if (registry.protocol === 'https:' && url.protocol !== 'https:') {
    throw refuse(`its realm ${url.origin} would get credentials over plain HTTP`);
  }
  return url;
}

/**
 * The request for a token of `scopes`: GET with basic authentication or without any (distribution's token specification), or
 * POST for an identity token (its OAuth 2 variant). `offline` asks for an identity token too.
 */
export function tokenRequest(
  server: TokenServer,
  scopes: readonly string[],
  credentials: Credentials,
  options: { verifyTls: boolean; offline: boolean },
): Request {
  const { verifyTls } = options;
  if (credentials.kind === 'identity-token') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      service: server.service,
      client_id: CLIENT_ID,
      refresh_token: credentials.token,
      scope: scopes.join(' '),
    });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: server.realm, headers, body: form.toString(), verifyTls };
  }
  const url = new URL(server.realm);
  if (server.service !== '') url.searchParams.set('service', server.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  if (options.offline) {
    url.searchParams.set('offline_token', 'true');
    url.searchParams.set('client_id', CLIENT_ID);
  }
  if (credentials.kind !== 'password') return { method: 'GET', url, headers: {}, verifyTls };
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { Authorization: basicAuthorization(credentials) }, verifyTls };
}

/** Parses a token server's answer. Throws `invalid` naming the field. */
export function parseToken(body: Uint8Array, realm: URL): Token {
  const what = `token from ${realm.host}`;
  const json = parseJsonObject(body, what);
  const token =
    optionalString(json['token'], `${what}: token`) ??
    optionalString(json['access_token'], `${what}: access_token`);
  if (token === undefined || /[\s\0-\x1f\x7f]/.test(token)) {
    throw new EngineError('invalid', `${what}: no usable token`);
  }
  const identityToken = optionalString(json['refresh_token'], `${what}: refresh_token`);
  const expires = json['expires_in'];
  return {
    token,
    expiresIn: present(expires) ? jsonSize(expires, `${what}: expires_in`) : DEFAULT_SECONDS,
    ...(identityToken !== undefined && { identityToken }),
  };
}

export function basicAuthorization(credentials: Extract<Credentials, { kind: 'password' }>): string {
  const plain = `${credentials.username}:${credentials.password}`;
  return `Basic ${Buffer.from(plain).toString('base64')}`;
}
