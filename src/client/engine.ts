import type { Duplex, Readable } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { connectionError } from './connection-error.ts';
import { DaemonError } from './daemon-error.ts';
import type { Endpoint } from './endpoint.ts';
import type { Reply, Upgraded } from './http/exchange.ts';
import { Sockets } from './http/sockets.ts';
import { readText } from './read-body.ts';
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
  readonly #sockets: Sockets;
  #version: Promise<string> | undefined;

  constructor(endpoint: Endpoint, options: EngineOptions = {}) {
    this.endpoint = endpoint;
    this.#options = options;
    this.#sockets = new Sockets(endpoint);
  }

  /** The API version spoken, such as `1.51`. */
  version(ctx: Ctx): Promise<string> {
    this.#version ??= this.#options.apiVersion
      ? Promise.resolve(this.#options.apiVersion.replace(/^v/, ''))
      : this.ping(ctx).then((reply) => negotiatedVersion(reply.headers.get('api-version')));
    return this.#version;
  }

  /** `HEAD /_ping`, unversioned. The reply's headers say what the daemon is. */
  async ping(ctx: Ctx): Promise<Reply> {
    const reply = await this.#send(ctx, 'HEAD', '/_ping', {});
    reply.body.resume();
    return reply;
  }

  /** The reply with its body unread: read it to the end or destroy it. */
  async open(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<Reply> {
    const reply = await this.#send(ctx, method, `/v${await this.version(ctx)}${path}`, call);
    await throwIfRefused(reply);
    return reply;
  }

  /** The reply's body, as text. */
  async text(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<string> {
    return readText((await this.open(ctx, method, path, call)).body, path);
  }

  /** The reply's body, as JSON of the type the API promises for `path`. */
  async json<T>(ctx: Ctx, method: Method, path: string, call: Call = {}): Promise<T> {
    return this.decode(await this.open(ctx, method, path, call), path);
  }

  /** A reply's body, as JSON of the type the API promises for `what`. */
  async decode<T>(reply: Reply, what: string): Promise<T> {
    const text = await readText(reply.body, what);
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
    const reply = await this.#exchange(ctx, 'POST', target, { ...call, headers });
    if ('socket' in reply) return reply.socket;
    await throwIfRefused(reply);
    reply.body.destroy();
    throw new EngineError(
      'system',
      `${path}: the daemon did not upgrade the connection (status ${reply.status})`,
    );
  }

  async #send(ctx: Ctx, method: Method, target: string, call: Call): Promise<Reply> {
    const reply = await this.#exchange(ctx, method, target, call);
    if (!('socket' in reply)) return reply;
    reply.socket.destroy();
    throw new EngineError('system', `${target}: the daemon switched protocols without being asked`);
  }

  async #exchange(ctx: Ctx, method: Method, target: string, call: Call): Promise<Reply | Upgraded> {
    const { address } = this.endpoint;
    const basePath = address.kind === 'tcp' ? address.basePath : '';
    const headers = {
      Host: address.kind === 'tcp' ? `${address.host}:${address.port}` : 'localhost',
      'User-Agent': this.#options.userAgent ?? `Gantry-Client/${MAX_API_VERSION}`,
      ...this.#options.headers,
      ...(call.json !== undefined && { 'Content-Type': 'application/json' }),
      ...call.headers,
    };
    const body = call.json === undefined ? call.body : JSON.stringify(call.json);
    const whole = basePath + target + queryString(call.query ?? {});
    try {
      return await this.#sockets.exchange(ctx.signal, { method, target: whole, headers, body });
    } catch (error) {
      throw connectionError(error, this.endpoint, ctx.signal);
    }
  }
}

async function throwIfRefused({ status, reason, body }: Reply): Promise<void> {
  if (status < 400) return;
  const text = await readText(body, 'error', MAX_ERROR_BODY);
  throw new DaemonError(status, reasonOf(text) ?? `${status} ${reason}`.trim());
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

function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const item of value) params.append(key, String(item));
    else params.append(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return params.size === 0 ? '' : `?${params}`;
}
