import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { connectionError } from './connection-error.ts';
import { DaemonError } from './daemon-error.ts';
import type { Endpoint } from './endpoint.ts';
import { readText } from './read-body.ts';
import { tlsOptions } from './tls.ts';
import { MAX_API_VERSION, negotiatedVersion } from './version.ts';

const MAX_ERROR_BODY = 64 * 1024;

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
/** Absent values are left out, arrays repeat the key, objects are sent as JSON. */
export type QueryValue = string | number | boolean | readonly string[] | object | undefined;
export type Query = Readonly<Record<string, QueryValue>>;

export interface Call {
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  json?: object;
  /** Sent as it is, chunked. */
  body?: Readable;
}

export interface EngineOptions {
  /** `DOCKER_API_VERSION`: spoken without asking the daemon. */
  apiVersion?: string;
  /** Sent with every request (`HttpHeaders` of the configuration). */
  headers?: Readonly<Record<string, string>>;
  userAgent?: string;
}

/**
 * A daemon's Engine API. The version is settled with one `_ping` before the first call. Calls throw {@link DaemonError}
 * for what the daemon refuses, `unavailable` when it cannot be reached, `cancelled` when `ctx` is aborted.
 */
export class Engine {
  readonly endpoint: Endpoint;
  readonly #options: EngineOptions;
  #version: Promise<string> | undefined;

  constructor(endpoint: Endpoint, options: EngineOptions = {}) {
    this.endpoint = endpoint;
    this.#options = options;
  }

  /** The API version spoken, such as `1.51`. */
  version(ctx: Ctx): Promise<string> {
    this.#version ??= this.#options.apiVersion
      ? Promise.resolve(this.#options.apiVersion.replace(/^v/, ''))
      : this.ping(ctx).then((reply) => negotiatedVersion(reply.headers['api-version']));
    return this.#version;
  }

  /** `HEAD /_ping`, unversioned. The reply's headers say what the daemon is. */
  async ping(ctx: Ctx): Promise<IncomingMessage> {
    const reply = await this.#send(ctx, 'HEAD', '/_ping', {});
    reply.resume();
    return reply;
  }

  /** The reply with its body unread: read it to the end or destroy it. */
  async open(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<IncomingMessage> {
    const reply = await this.#send(ctx, method, `/v${await this.version(ctx)}${path}`, call);
    await throwIfRefused(reply);
    return reply;
  }

  /** The reply's body, as text. */
  async text(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<string> {
    return readText(await this.open(ctx, method, path, call), path);
  }

  /** The reply's body, as JSON of the type the API promises for `path`. */
  async json<T>(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<T> {
    return this.decode(await this.open(ctx, method, path, call), path);
  }

  /** A reply's body, as JSON of the type the API promises for `what`. */
  async decode<T>(reply: IncomingMessage, what: string): Promise<T> {
    const text = await readText(reply, what);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new EngineError('invalid', `${what}: the daemon's answer is not JSON`, { cause: error });
    }
  }

  /** For calls whose answer does not matter. */
  async send(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<void> {
    await this.text(ctx, method, path, call);
  }

  /** Turns the connection into a raw two-way stream. Ending it closes only our half. */
  async hijack(ctx: Ctx, path: string, call: Call = {}): Promise<Duplex> {
    const target = `/v${await this.version(ctx)}${path}`;
    const headers = { ...call.headers, Connection: 'Upgrade', Upgrade: 'tcp' };
    const request = await this.#prepare(ctx, 'POST', target, { ...call, headers });
    return new Promise((resolve, reject) => {
      request.on('error', (error) => reject(this.#connectionError(ctx, error)));
      request.on('upgrade', (_reply, socket, head) => resolve(upgraded(ctx, socket, head)));
      request.on('response', (reply) => {
        const problem = `${path}: the daemon did not upgrade the connection (status ${reply.statusCode})`;
        throwIfRefused(reply).then(() => reject(new EngineError('system', problem)), reject);
      });
      request.end(call.json === undefined ? undefined : JSON.stringify(call.json));
    });
  }

  async #send(ctx: Ctx, method: Method, target: string, call: Call): Promise<IncomingMessage> {
    const request = await this.#prepare(ctx, method, target, call);
    return new Promise((resolve, reject) => {
      let answered = false;
      request.on('response', (reply) => {
        answered = true;
        resolve(reply);
      });
      request.on('error', (error) => {
        // The daemon closed an idle connection just as we took it up again.
        if (request.reusedSocket && !call.body && codeOf(error) === 'ECONNRESET') {
          resolve(this.#send(ctx, method, target, call));
        } else reject(this.#connectionError(ctx, error));
      });
      if (call.body === undefined) {
        request.end(call.json === undefined ? undefined : JSON.stringify(call.json));
        return;
      }
      // A daemon may refuse before it has read everything: then its answer counts, not our broken pipe.
      pipeline(call.body, request).catch((error) => {
        if (!answered) reject(this.#connectionError(ctx, error));
      });
    });
  }

  async #prepare(ctx: Ctx, method: Method, target: string, call: Call): Promise<ClientRequest> {
    const { address, tls } = this.endpoint;
    const unix = address.kind === 'unix';
    const start = tls ? (await import('node:https')).request : httpRequest;
    return start({
      ...(unix ? { socketPath: address.path } : { host: address.host, port: address.port }),
      ...(tls && (await tlsOptions(tls))),
      method,
      path: (unix ? '' : address.basePath) + target + queryString(call.query ?? {}),
      headers: {
        ...(unix && { Host: 'localhost' }),
        'User-Agent': this.#options.userAgent ?? `Gantry-Client/${MAX_API_VERSION}`,
        ...this.#options.headers,
        ...(call.json !== undefined && { 'Content-Type': 'application/json' }),
        ...call.headers,
      },
      signal: ctx.signal,
      // Spares the agent from finding out, by regular expressions that take long to compile, what only TLS needs.
      ...(!tls && { servername: '' }),
    });
  }

  #connectionError(ctx: Ctx, error: Error): EngineError {
    return connectionError(error, this.endpoint, ctx.signal);
  }
}

function upgraded(ctx: Ctx, socket: Duplex, head: Buffer): Duplex {
  if (head.length > 0) socket.unshift(head);
  const abort = () => socket.destroy();
  ctx.signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => ctx.signal.removeEventListener('abort', abort));
  return socket;
}

async function throwIfRefused(reply: IncomingMessage): Promise<void> {
  const status = reply.statusCode ?? 0;
  if (status < 400) return;
  const text = await readText(reply, 'error', MAX_ERROR_BODY);
  throw new DaemonError(status, reasonOf(text) ?? `${status} ${reply.statusMessage ?? ''}`.trim());
}

function reasonOf(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'message' in body && typeof body.message === 'string') {
      return body.message.trim() || undefined;
    }
  } catch {
    // Proxies and old daemons answer in plain text.
  }
  return text.trim() || undefined;
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}

function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const item of value) params.append(key, String(item));
    else params.append(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return params.size === 0 ? '' : `?${params}`;
}
