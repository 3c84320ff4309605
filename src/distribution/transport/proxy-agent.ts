import { type ClientRequestArgs, request as httpRequest } from 'node:http';
import { Agent, type AgentOptions, request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { EngineError, messageOf } from '../../base/errors.ts';

type Callback = (error: Error | null, stream: Duplex) => void;
interface Target extends ClientRequestArgs {
  servername?: string;
}

/** An HTTPS agent whose connections are tunnels through an HTTP proxy (`CONNECT`, RFC 9110 section 9.3.6). */
export class TunnelAgent extends Agent {
  readonly #proxy: URL;
  readonly #timeoutMs: number;

  constructor(proxy: URL, options: AgentOptions, timeoutMs: number) {
    super(options);
    this.#proxy = proxy;
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(options: Target, callback?: Callback): undefined {
    const done: Callback = callback ?? (() => {});
    const host = options.host ?? '';
    const authority = `${host.includes(':') ? `[${host}]` : host}:${options.port}`;
    const send = this.#proxy.protocol === 'https:' ? httpsRequest : httpRequest;
    const tunnel = send({
      host: this.#proxy.hostname.replace(/^\[|\]$/g, ''),
      port: this.#proxy.port || (this.#proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { Host: authority, ...proxyAuthorization(this.#proxy) },
      agent: false,
      timeout: this.#timeoutMs,
    });
    const fail = (message: string, cause?: unknown): void =>
      done(
        new EngineError('unavailable', `proxyconnect tcp: ${message}`, { cause }),
        tunnel.socket as Duplex,
      );
    tunnel.once('timeout', () => tunnel.destroy(new Error('i/o timeout')));
    tunnel.once('error', (error) => fail(messageOf(error), error));
    tunnel.once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        fail(`the proxy ${this.#proxy.host} answered ${response.statusCode} ${response.statusMessage}`);
        return;
      }
      socket.setTimeout(0);
      done(null, connectTls({ ...options, socket } as ConnectionOptions));
    });
    tunnel.end();
  }
}

/** Header for a proxy whose URL carries a user. */
export function proxyAuthorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const plain = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'Proxy-Authorization': `Basic ${Buffer.from(plain).toString('base64')}` };
}
