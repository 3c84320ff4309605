import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { discard } from './transport/body.ts';
import { operation, redactUrl } from './transport/network-error.ts';
import type { Request, Response, Transport } from './transport/transport.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that are for the host they were made for. */
const PRIVATE = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * Sends a request and goes where it is sent on to, at most ten times and nowhere twice. Credentials are dropped for good at
 * the first step to another origin; a step from HTTPS to HTTP is refused. Throws `invalid` for a redirect not to be
 * followed, `unavailable` for a host not to be reached.
 */
export async function sendFollowing(ctx: Ctx, transport: Transport, first: Request): Promise<Response> {
  const visited = new Set([first.url.href]);
  let request = first;
  for (;;) {
    const response = await transport.send(ctx, request);
    const { location } = response.headers;
    if (!REDIRECTS.includes(response.status) || location === undefined) return response;
    discard(response.body);
    const url = redirectTarget(request, location);
    if (visited.has(url.href)) throw refuse(first, `redirect loop at ${redactUrl(url)}`);
    if (visited.size > MAX_REDIRECTS) throw refuse(first, `stopped after ${MAX_REDIRECTS} redirects`);
    visited.add(url.href);
    request = { ...request, url, headers: headersFor(request, url) };
  }
}

function redirectTarget(from: Request, location: string): URL {
  if (!URL.canParse(location, from.url.href)) throw refuse(from, 'redirect to what is no URL');
  const url = new URL(location, from.url);
  url.hash = '';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refuse(from, `redirect to a ${url.protocol} URL`);
  }
  if (url.username !== '' || url.password !== '') throw refuse(from, 'redirect to a URL with credentials');
  if (from.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refuse(from, `redirect from https to ${redactUrl(url)}`);
  }
  return url;
}

function headersFor(from: Request, url: URL): Readonly<Record<string, string>> {
  if (url.origin === from.url.origin) return from.headers;
  return Object.fromEntries(
    Object.entries(from.headers).filter(([name]) => !PRIVATE.includes(name.toLowerCase())),
  );
}

function refuse(request: Request, why: string): EngineError {
  return new EngineError('invalid', `${operation(request.method, request.url)}: ${why}`);
}
