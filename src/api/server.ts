import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EngineError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { hijackPlain, hijackUpgraded, upgradeBody } from './hijack.ts';
import { toHttpError } from './http-error.ts';
import type { Reply } from './reply.ts';
import type { ApiRequest } from './request.ts';
import { createRouter, type Route } from './router.ts';
import { formatVersion, MAX_API_VERSION, splitVersion } from './versions.ts';

/** One exchange, upgraded or not. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  body: Readable;
  hijack(contentType: string): Duplex;
  signal: AbortSignal;
}

/** The Engine API's HTTP server over `routes`; the caller makes it listen. `product` is what `Server:` says. */
export function createApiServer(routes: readonly Route[], log: Log, product: string): Server {
  const find = createRouter(routes);
  const standing = {
    'Api-Version': formatVersion(MAX_API_VERSION),
    'Docker-Experimental': 'false',
    Ostype: 'linux',
    Server: product,
  };

  const handle = async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange;
    for (const [name, value] of Object.entries(standing)) response.setHeader(name, value);
    try {
      await send(exchange, await dispatch(find, exchange, log));
    } catch (error) {
      fail(exchange, error, log);
    }
    log.debug('request', { method: request.method, url: request.url, status: response.statusCode });
  };

  const server = createServer({ requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 60_000 });
  server.on('request', (request, response) => {
    const hijack = (contentType: string): Duplex => hijackPlain(request, response, contentType);
    void handle({ request, response, body: request, hijack, signal: goneSignal(response) });
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (head.length > 0) socket.unshift(head);
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.on('finish', () => socket.end());
    socket.on('error', (error) => log.debug('upgraded connection failed', { error: error.message }));
    const hijack = (contentType: string): Duplex => hijackUpgraded(request, response, socket, contentType);
    void handle({
      request,
      response,
      body: upgradeBody(request, socket),
      hijack,
      signal: goneSignal(socket),
    });
  });
  return server;
}

/** Aborts when the peer's connection is gone before we are done with it. */
function goneSignal(connection: ServerResponse | Socket): AbortSignal {
  const controller = new AbortController();
  connection.on('close', () =>
    controller.abort(new EngineError('cancelled', 'the client closed the connection')),
  );
  return controller.signal;
}

async function dispatch(find: ReturnType<typeof createRouter>, exchange: Exchange, log: Log): Promise<Reply> {
  const { request } = exchange;
  const [path = '/', search = ''] = splitOnce(request.url ?? '/', '?');
  const { version, rest } = splitVersion(path);
  const match = find(request.method ?? 'GET', rest);
  if (!match || (match.route.since ?? 0) > version) throw new EngineError('not-found', 'page not found');
  const apiRequest: ApiRequest = {
    ctx: { signal: exchange.signal, log },
    version,
    params: match.params,
    query: new URLSearchParams(search),
    headers: request.headers,
    body: exchange.body,
    hijack: exchange.hijack,
  };
  return match.route.handle(apiRequest);
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

async function send(exchange: Exchange, reply: Reply): Promise<void> {
  const { response, request } = exchange;
  switch (reply.kind) {
    case 'json':
    case 'text': {
      const text = reply.kind === 'json' ? JSON.stringify(reply.body) + '\n' : reply.body;
      const type = reply.kind === 'json' ? 'application/json' : 'text/plain; charset=utf-8';
      response.writeHead(reply.status, {
        'Content-Type': type,
        'Content-Length': Buffer.byteLength(text),
        ...reply.headers,
      });
      response.end(request.method === 'HEAD' ? undefined : text);
      return;
    }
    case 'empty':
      response.writeHead(reply.status, reply.headers).end();
      return;
    case 'stream':
      response.writeHead(200, { 'Content-Type': reply.contentType });
      response.flushHeaders();
      await pipeline(reply.body instanceof Readable ? reply.body : Readable.from(reply.body), response, {
        signal: exchange.signal,
      });
      return;
    case 'hijacked':
      return;
  }
}

/** Answers with the error, or, when the answer has already begun, cuts the connection so that the client cannot take it for whole. */
function fail(exchange: Exchange, error: unknown, log: Log): void {
  const { response, request } = exchange;
  const { status, body, unclassified } = toHttpError(error);
  if (exchange.signal.aborted) return;
  if (unclassified) {
    log.error('request failed', {
      method: request.method,
      url: request.url,
      error: error instanceof Error ? error.stack : String(error),
    });
  }
  if (response.headersSent || response.socket === null) {
    request.socket.destroy();
    return;
  }
  if (status === 304) {
    response.writeHead(304).end();
    return;
  }
  const text = JSON.stringify(body) + '\n';
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
