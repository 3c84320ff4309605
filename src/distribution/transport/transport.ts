import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Ctx } from '../../base/ctx.ts';
import { checkCancelled } from '../../base/ctx.ts';
import { EngineError } from '../../base/errors.ts';
import type { RegistryConfig } from '../registry-config.ts';
import { networkError } from './network-error.ts';
import { hostOf, proxyFor } from './proxy.ts';
import { proxyAuthorization, TunnelAgent } from './proxy-agent.ts';
import { TrustStore } from './trust.ts';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** False: whoever answers is believed to be the host (`insecure-registries`). */
  readonly verifyTls: boolean;
}

export interface Response {
  readonly request: Request;
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end or destroyed. */
  readonly body: IncomingMessage;
}

const AGENT = { keepAlive: true, timeout: 60_000, maxFreeSockets: 16, scheduling: 'lifo' as const };

/** HTTP/1.1 over kept connections, directly or through proxies. One exchange at a time: no redirects, no retries. */
export class Transport {
  readonly #config: RegistryConfig;
  readonly #trust: TrustStore;
  readonly #http = new HttpAgent(AGENT);
  readonly #https = new HttpsAgent(AGENT);
  readonly #tunnels = new Map<string, TunnelAgent>();

  constructor(config: RegistryConfig) {
    this.#config = config;
    this.#trust = new TrustStore(config.certDirs);
  }

  /**
   * Sends a request and waits for the headers of its response. Throws `unavailable` when the host cannot be reached, does
   * not speak as it should, or takes longer than the configured times.
   */
  async send(ctx: Ctx, request: Request): Promise<Response> {
    const options = await this.#options(request);
    for (;;) {
      checkCancelled(ctx);
      const message = await this.#exchange(ctx, request, options);
      if (message === 'stale connection') continue;
      return {
        request,
        status: message.statusCode ?? 0,
        statusText: message.statusMessage ?? '',
        headers: message.headers,
        body: message,
      };
    }
  }

  close(): void {
    for (const agent of [this.#http, this.#https, ...this.#tunnels.values()]) agent.destroy();
  }

  async #options({ method, url, headers, verifyTls }: Request): Promise<RequestOptions> {
    const common = { method, headers: { 'User-Agent': this.#config.userAgent, ...headers } };
    const proxy = proxyFor(url, this.#config.proxy);
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    const target = { host: hostOf(url), port, path: url.pathname + url.search };
    if (url.protocol === 'https:') {
      const secureContext = await this.#trust.contextFor(url.host);
      const servername = isIP(target.host) === 0 ? { servername: target.host } : {};
      const tls = { secureContext, rejectUnauthorized: verifyTls, ...servername };
      return { ...common, ...target, ...tls, agent: proxy ? this.#tunnel(proxy) : this.#https };
    }
    if (!proxy) return { ...common, ...target, agent: this.#http };
    const through = { host: hostOf(proxy), port: proxy.port || '80', path: url.href };
    const proxied = { ...common.headers, Host: url.host, ...proxyAuthorization(proxy) };
    return { ...common, ...through, headers: proxied, agent: this.#http };
  }

  #tunnel(proxy: URL): TunnelAgent {
    const known = this.#tunnels.get(proxy.href);
    if (known) return known;
    const made = new TunnelAgent(proxy, AGENT, this.#config.timeouts.connect);
    this.#tunnels.set(proxy.href, made);
    return made;
  }

  /** A kept connection that the server had closed meanwhile is no failure: the exchange is tried on the next. */
  #exchange(
    ctx: Ctx,
    request: Request,
    options: RequestOptions,
  ): Promise<IncomingMessage | 'stale connection'> {
    const send = request.url.protocol === 'https:' ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const sent = send({ ...options, signal: ctx.signal });
      const stopClock = this.#watchTime(sent);
      sent.once('response', (message) => {
        stopClock();
        // A body that breaks off is reported by whoever reads it; nobody may be reading yet.
        message.on('error', () => {});
        resolve(message);
      });
      sent.once('error', (error: unknown) => {
        stopClock();
        if (ctx.signal.aborted) {
          reject(new EngineError('cancelled', 'the request was cancelled', { cause: ctx.signal.reason }));
        } else if (isStale(sent, error) && request.body === undefined) resolve('stale connection');
        else reject(networkError(request.method, request.url, error));
      });
      sent.end(request.body);
    });
  }

  /** Ends a request that does not connect, or is not answered, in time. Returns how to stop watching. */
  #watchTime(sent: ClientRequest): () => void {
    const { connect, headers } = this.#config.timeouts;
    const end = (what: string): void => {
      sent.destroy(new EngineError('unavailable', `net/http: timeout ${what}`));
    };
    let timer = setTimeout(end, connect, 'awaiting connection');
    const connected = (): void => {
      clearTimeout(timer);
      timer = setTimeout(end, headers, 'awaiting response headers');
    };
    sent.once('socket', (socket: Socket) => {
      if (!socket.connecting) connected();
      else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    });
    return () => clearTimeout(timer);
  }
}

function isStale(sent: ClientRequest, error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return sent.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
}
