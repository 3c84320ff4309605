import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { blobsOf, type TestBlob, type TestImage } from './image.ts';

/** One request as it came, with the body bytes that were sent back for it. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  served: number;
}

/** How a request is answered; `honest` answers it as a good registry would. */
export type Behaviour = (
  request: Recorded,
  response: ServerResponse,
  honest: (options?: HonestOptions) => Promise<void>,
) => void | Promise<void>;

export interface HonestOptions {
  /** Changes the bytes before they are sent. */
  readonly bytes?: (bytes: Buffer) => Buffer;
  readonly ignoreRange?: boolean;
  /** Break off after this many body bytes of this answer: by reset, or by never sending more. */
  readonly cutAt?: number;
  readonly cut?: 'reset' | 'end' | 'stall';
  readonly headers?: OutgoingHttpHeaders;
}

export interface HostileOptions {
  readonly tls?: { cert: string; key: string };
  /** Protect every /v2/ request by a token server at `/token`. */
  readonly token?: TokenOptions;
  /** Protect every /v2/ request by basic authentication with these `user:password`. */
  readonly basic?: string;
}

export interface TokenOptions {
  /** Where the token server is said to be; its own `/token` unless given. */
  readonly realm?: string;
  /** `user:password` the token server wants; anonymous tokens are given when absent. */
  readonly basic?: string;
  /** Refresh token the OAuth 2 endpoint wants. */
  readonly refresh?: string;
  /** Requests a token is good for; without limit unless given. */
  readonly uses?: number;
  readonly field?: 'token' | 'access_token';
  readonly expiresIn?: number;
}

/** A registry in this process that does as the rules say, and keeps a record of what it was asked. */
export interface HostileRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly domain: string;
  readonly url: string;
  readonly requests: Recorded[];
  /** Serves `image` in `repository` under `tag`. */
  add(image: TestImage, repository: string, tag: string): void;
  /** Serves one manifest or blob. */
  addBlob(repository: string, blob: TestBlob, tag?: string): void;
  /** Answers requests whose `METHOD PATH` matches by `behaviour`, at most `times` times; later rules come first. */
  on(match: RegExp, behaviour: Behaviour, times?: number): void;
  /** Requests whose `METHOD PATH` matches. */
  asked(match: RegExp): Recorded[];
  /** Body bytes sent for requests whose `METHOD PATH` matches. */
  served(match: RegExp): number;
}

interface Rule {
  readonly match: RegExp;
  readonly behaviour: Behaviour;
  left: number;
}

/** Starts a hostile registry on a loopback port. Without rules it is an honest one. */
export async function startHostileRegistry(options: HostileOptions = {}): Promise<HostileRegistry> {
  const rules: Rule[] = [];
  const requests: Recorded[] = [];
  const content = new Map<string, TestBlob>();
  const sockets = new Set<Socket>();
  let url = '';
  const gate = options.token
    ? tokenGate(options.token, () => url)
    : options.basic
      ? basicGate(options.basic)
      : () => false;

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const recorded = await record(message);
    requests.push(recorded);
    const honest = (how: HonestOptions = {}): Promise<void> => serve(content, recorded, response, how);
    const line = `${recorded.method} ${recorded.path}`;
    const rule = rules.find((each) => each.left > 0 && each.match.test(line));
    if (rule) {
      rule.left--;
      await rule.behaviour(recorded, response, honest);
    } else if (!gate(recorded, response)) {
      await honest();
    }
  };
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    handle(message, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const domain = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `${options.tls ? 'https' : 'http'}://${domain}`;
  const addBlob = (repository: string, blob: TestBlob, tag?: string): void => {
    const kind = /manifest|index/.test(blob.mediaType) ? 'manifests' : 'blobs';
    content.set(`/v2/${repository}/${kind}/${blob.digest}`, blob);
    if (tag !== undefined) content.set(`/v2/${repository}/manifests/${tag}`, blob);
  };
  const asked = (match: RegExp): Recorded[] =>
    requests.filter((each) => match.test(`${each.method} ${each.path}`));
  return {
    domain,
    url,
    requests,
    add: (image, repository, tag) => {
      for (const blob of blobsOf(image)) addBlob(repository, blob);
      addBlob(repository, image.manifest, tag);
    },
    addBlob,
    on: (match, behaviour, times = Number.POSITIVE_INFINITY) => {
      rules.unshift({ match, behaviour, left: times });
    },
    asked,
    served: (match) => asked(match).reduce((sum, each) => sum + each.served, 0),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Answers with a status, a body and headers. */
export function reply(status: number, body: unknown = '', headers: OutgoingHttpHeaders = {}): Behaviour {
  return (_request, response) => {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const length = Buffer.byteLength(text);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': length, ...headers });
    response.end(text);
  };
}

/** Answers with an error in the registry's JSON form. */
export function refuse(
  status: number,
  code: string,
  message: string,
  headers?: OutgoingHttpHeaders,
): Behaviour {
  return reply(status, { errors: [{ code, message }] }, headers);
}

/** Redirects. */
export function redirectTo(location: string, status = 307): Behaviour {
  return reply(status, '', { Location: location });
}

/** Sends `bytes` body bytes of each answer, then breaks off. */
export function cutAfter(bytes: number, cut: 'reset' | 'end' | 'stall' = 'reset'): Behaviour {
  return (_request, _response, honest) => honest({ cutAt: bytes, cut });
}

async function record(message: IncomingMessage): Promise<Recorded> {
  let body = '';
  for await (const chunk of message) body += String(chunk);
  const { method = '', url: path = '', headers } = message;
  return { method, path, headers, body, served: 0 };
}

async function serve(
  content: ReadonlyMap<string, TestBlob>,
  request: Recorded,
  response: ServerResponse,
  how: HonestOptions,
): Promise<void> {
  const { pathname } = new URL(request.path, 'http://registry');
  if (pathname === '/v2/') return send(request, response, 200, Buffer.from('{}'), how);
  const blob = content.get(pathname);
  if (!blob) {
    const code = pathname.includes('/manifests/') ? 'MANIFEST_UNKNOWN' : 'BLOB_UNKNOWN';
    const message = code === 'MANIFEST_UNKNOWN' ? 'manifest unknown' : 'blob unknown to registry';
    return send(request, response, 404, Buffer.from(JSON.stringify({ errors: [{ code, message }] })), how);
  }
  const bytes = how.bytes?.(blob.bytes) ?? blob.bytes;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const headers = {
    'Content-Type': blob.mediaType,
    'Docker-Content-Digest': blob.digest,
    'Accept-Ranges': 'bytes',
    ...how.headers,
  };
  if (range === undefined || how.ignoreRange) return send(request, response, 200, bytes, { ...how, headers });
  const start = Number(range);
  if (start >= bytes.byteLength) return send(request, response, 416, Buffer.alloc(0), how);
  const contentRange = `bytes ${start}-${bytes.byteLength - 1}/${bytes.byteLength}`;
  const partial = { ...how, headers: { ...headers, 'Content-Range': contentRange } };
  return send(request, response, 206, bytes.subarray(start), partial);
}

async function send(
  request: Recorded,
  response: ServerResponse,
  status: number,
  bytes: Buffer,
  { headers, cutAt, cut = 'reset' }: HonestOptions,
): Promise<void> {
  response.writeHead(status, { 'Content-Length': bytes.byteLength, ...headers });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const cutting = cutAt !== undefined && cutAt < bytes.byteLength;
  const body = cutting ? bytes.subarray(0, cutAt) : bytes;
  request.served = body.byteLength;
  await new Promise((done) => response.write(body.byteLength > 0 ? body : '', done));
  if (!cutting) {
    response.end();
    return;
  }
  if (cut === 'stall') return;
  // What was written must be on its way before the reset overtakes it.
  await sleep(20);
  if (cut === 'reset') response.socket?.resetAndDestroy();
  else response.socket?.destroy();
}

type Gate = (request: Recorded, response: ServerResponse) => boolean;

/** True when the request was refused. */
function basicGate(userAndPassword: string): Gate {
  const wanted = `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
  return (request, response) => {
    if (request.headers.authorization === wanted) return false;
    unauthorized(response, 'Basic realm="test"');
    return true;
  };
}

function tokenGate(options: TokenOptions, self: () => string): Gate {
  const issued = new Map<string, { scope: string; uses: number }>();
  return (request, response) => {
    const url = new URL(request.path, self());
    if (url.pathname === '/token') {
      const scope = issueScope(options, request, url);
      if (scope === undefined) {
        unauthorized(response, undefined, 'incorrect username or password');
        return true;
      }
      const token = `token-${issued.size + 1}`;
      issued.set(token, { scope, uses: options.uses ?? Number.POSITIVE_INFINITY });
      const body = { [options.field ?? 'token']: token, expires_in: options.expiresIn ?? 300 };
      void reply(200, body)(request, response, async () => {});
      return true;
    }
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(url.pathname)?.[1];
    const scope = repository === undefined ? '' : `repository:${repository}:pull`;
    const token = issued.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (token && token.uses-- > 0 && token.scope.includes(scope)) return false;
    const realm = options.realm ?? `${self()}/token`;
    const wanted = scope === '' ? '' : `,scope="${scope}"`;
    unauthorized(response, `Bearer realm="${realm}",service="test registry"${wanted}`);
    return true;
  };
}

/** The scope asked for, when the token server is content with who asks. */
function issueScope(options: TokenOptions, request: Recorded, url: URL): string | undefined {
  if (request.method === 'POST') {
    const form = new URLSearchParams(request.body);
    const byRefresh =
      form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === options.refresh;
    return options.refresh !== undefined && byRefresh ? (form.get('scope') ?? '') : undefined;
  }
  const wanted = options.basic && `Basic ${Buffer.from(options.basic).toString('base64')}`;
  if (wanted !== undefined && request.headers.authorization !== wanted) return undefined;
  if (options.refresh !== undefined && wanted === undefined) return undefined;
  return url.searchParams.getAll('scope').join(' ');
}

function unauthorized(
  response: ServerResponse,
  challenge?: string,
  message = 'authentication required',
): void {
  response.writeHead(401, {
    'Content-Type': 'application/json',
    ...(challenge !== undefined && { 'WWW-Authenticate': challenge }),
  });
  response.end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message }] }));
}
