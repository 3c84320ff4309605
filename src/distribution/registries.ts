import { lookup } from 'node:dns/promises';
import { STATUS_CODES } from 'node:http';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { DOCKER_IO, type Domain, parseDomain, type Reference } from '../formats/reference.ts';
import type { Credentials } from './credentials.ts';
import {
  type Endpoint,
  endpointsFor,
  isInsecureHost,
  type Mirror,
  parseMirror,
  registryHost,
} from './endpoints.ts';
import { Exchange } from './exchange.ts';
import type { Refusal } from './refusal.ts';
import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from './registry-config.ts';
import { Repository } from './repository.ts';
import { Semaphore } from './semaphore.ts';
import { discard } from './transport/body.ts';
import { spokeTls } from './transport/network-error.ts';
import { hostOf } from './transport/proxy.ts';

/** How long it is believed which scheme a registry speaks, and where its name leads. */
const ENDPOINTS_FOR_MS = 5 * 60_000;

/** The daemon's way to all registries: connections, tokens and the limit on concurrent downloads are shared here. */
export class Registries {
  readonly config: RegistryConfig;
  readonly #exchange: Exchange;
  readonly #downloads: Semaphore;
  readonly #mirrors: readonly Mirror[];
  readonly #known = new Map<Domain, { endpoints: readonly Endpoint[]; until: number }>();

  /** Throws `invalid` naming a mirror that is none. */
  constructor(config: Partial<RegistryConfig> = {}) {
    this.config = { ...DEFAULT_REGISTRY_CONFIG, ...config };
    this.#mirrors = this.config.mirrors.map(parseMirror);
    this.#exchange = new Exchange(this.config);
    this.#downloads = new Semaphore(this.config.maxConcurrentDownloads);
  }

  repository(reference: Reference, credentials: Credentials): Repository {
    return new Repository({
      config: this.config,
      exchange: this.#exchange,
      reference,
      credentials,
      downloads: this.#downloads,
      endpoints: (ctx) => this.#endpoints(ctx, reference.domain),
    });
  }

  /**
   * Checks credentials with a registry (`docker login`). `server` is a domain or an URL as `config.json` has it; the token, if
   * any, is to be kept instead of the password. Throws `unauthorized`.
   */
  async login(ctx: Ctx, server: string, credentials: Credentials): Promise<{ identityToken?: string }> {
    const domain = serverDomain(server);
    const ask = { method: 'GET', path: '', scopes: [], offline: true } as const;
    const endpoint = (await this.#endpoints(ctx, domain)).find(({ mirror }) => !mirror);
    if (!endpoint) throw new EngineError('system', `no endpoint for ${domain}`);
    const answer = await this.#exchange.ask(ctx, endpoint, credentials, ask);
    if (answer.kind === 'refused') throw loginError(endpoint, answer.refusal);
    discard(answer.response.body);
    const identityToken = this.#exchange.identityToken({ endpoint, credentials, scopes: [], offline: true });
    return identityToken === undefined ? {} : { identityToken };
  }

  /** Closes idle connections. */
  close(): void {
    this.#exchange.close();
  }

  async #endpoints(ctx: Ctx, domain: Domain): Promise<readonly Endpoint[]> {
    const known = this.#known.get(domain);
    if (known && known.until > Date.now()) return known.endpoints;
    const endpoints = await this.#findEndpoints(ctx, domain);
    this.#known.set(domain, { endpoints, until: Date.now() + ENDPOINTS_FOR_MS });
    return endpoints;
  }

  async #findEndpoints(ctx: Ctx, domain: Domain): Promise<Endpoint[]> {
    const own = this.#mirrors.filter((mirror) => mirror.domain === domain);
    const hosts = [registryHost(domain), ...own.map(({ origin }) => origin.host)];
    const addresses = new Map<string, string[]>();
    for (const host of hosts) addresses.set(host, await resolveHost(host));
    const { mirrors, registry } = endpointsFor(domain, own, (host) =>
      isInsecureHost(host, addresses.get(host) ?? [], this.config.insecure),
    );
    if (registry.verifyTls) return [...mirrors, registry];
    // With the registry out of reach its mirrors may still do.
    const onFailure = (error: unknown): Endpoint => {
      if (mirrors.length === 0 || !isEngineError(error, 'unavailable')) throw error;
      return registry;
    };
    return [...mirrors, await this.#schemeOf(ctx, registry).catch(onFailure)];
  }

  /** An insecure registry may speak HTTPS or HTTP: the one that answers, in this order. */
  async #schemeOf(ctx: Ctx, secured: Endpoint): Promise<Endpoint> {
    try {
      await this.#exchange.ping(ctx, secured);
      return secured;
    } catch (error) {
      if (!isEngineError(error, 'unavailable') || spokeTls(error)) throw error;
    }
    const plain = { ...secured, origin: new URL(`http://${secured.origin.host}`) };
    await this.#exchange.ping(ctx, plain);
    return plain;
  }
}

/** Addresses of a host, for judging whether it is local or in an insecure range. What has none is neither. */
async function resolveHost(host: string): Promise<string[]> {
  if (host === registryHost(DOCKER_IO)) return [];
  const found = await lookup(hostOf(new URL(`https://${host}`)), { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** `https://index.docker.io/v1/` → `docker.io`; `https://host:5000/v2/` → `host:5000`. */
function serverDomain(server: string): Domain {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return ['index.docker.io', 'registry-1.docker.io', ''].includes(host) ? DOCKER_IO : parseDomain(host);
}

function loginError(endpoint: Endpoint, { status, message }: Refusal): EngineError {
  const kind = status === 401 || status === 403 ? 'unauthorized' : 'unavailable';
  // What the token server says is already about the request that could not be made.
  if (message.startsWith('Get "')) return new EngineError(kind, message);
  const answer = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  return new EngineError(kind, `login attempt to ${endpoint.origin.href}v2/ failed with status: ${answer}`);
}
