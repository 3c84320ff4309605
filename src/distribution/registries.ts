import { lookup } from 'node:dns/promises';
import { STATUS_CODES } from 'node:http';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, isEngineError } from '../base/errors.ts';
import { DOCKER_IO, type Domain, parseDomain, type Reference } from '../formats/reference.ts';
import type { Credentials } from './credentials.ts';
import { type Endpoint, endpointsFor, isInsecureHost, parseMirror, registryHost } from './endpoints.ts';
import { Exchange } from './exchange.ts';
import type { Refusal } from './refusal.ts';
import { DEFAULT_REGISTRY_CONFIG, type RegistryConfig } from './registry-config.ts';
import { Repository } from './repository.ts';
import { Semaphore } from './semaphore.ts';
import { discard } from './transport/body.ts';
import { hostOf } from './transport/proxy.ts';

/** How long it is believed which of its endpoints a registry answers at, and where its name leads. */
const ENDPOINTS_FOR_MS = 5 * 60_000;

/** The daemon's way to all registries: connections, tokens and the limit on concurrent downloads are shared here. */
export class Registries {
  readonly config: RegistryConfig;
  readonly #exchange: Exchange;
  readonly #downloads: Semaphore;
  readonly #known = new Map<Domain, { endpoints: Promise<readonly Endpoint[]>; readonly until: number }>();

  /** Throws `invalid` naming a mirror that is none. */
  constructor(config: Partial<RegistryConfig> = {}) {
    this.config = { ...DEFAULT_REGISTRY_CONFIG, ...config };
    const { mirrors, mirrorsByRegistry } = this.config;
    for (const mirror of [...mirrors, ...Object.values(mirrorsByRegistry).flat()]) parseMirror(mirror);
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
      endpoints: () => this.#endpoints(reference.domain),
      reached: (endpoint) => this.#reached(reference.domain, endpoint),
    });
  }

  /**
   * Checks credentials with a registry (`docker login`). `server` is a domain or an URL as `config.json` has it; the token, if
   * any, is to be kept instead of the password. Throws `unauthorized`.
   */
  async login(ctx: Ctx, server: string, credentials: Credentials): Promise<{ identityToken?: string }> {
    const domain = serverDomain(server);
    const ask = { method: 'GET', path: '', scopes: [], offline: true } as const;
    let failure: EngineError | undefined;
    for (const endpoint of await this.#endpoints(domain)) {
      if (endpoint.mirror) continue;
      try {
        const answer = await this.#exchange.ask(ctx, endpoint, credentials, ask);
        this.#reached(domain, endpoint);
        if (answer.kind === 'refused') throw loginError(endpoint, answer.refusal);
        discard(answer.response.body);
        const petition = { endpoint, credentials, scopes: [], offline: true };
        const identityToken = this.#exchange.identityToken(petition);
        return identityToken === undefined ? {} : { identityToken };
      } catch (error) {
        if (!isEngineError(error, 'unavailable')) throw error;
        failure = error;
      }
    }
    throw failure ?? new EngineError('system', `no endpoint for ${domain}`);
  }

  /** Closes idle connections. */
  close(): void {
    this.#exchange.close();
  }

  #endpoints(domain: Domain): Promise<readonly Endpoint[]> {
    const known = this.#known.get(domain);
    if (known && known.until > Date.now()) return known.endpoints;
    const endpoints = findEndpoints(domain, this.config);
    this.#known.set(domain, { endpoints, until: Date.now() + ENDPOINTS_FOR_MS });
    return endpoints;
  }

  /** Of an insecure registry's two endpoints the one that answers is kept. */
  #reached(domain: Domain, { mirror, origin }: Endpoint): void {
    const known = this.#known.get(domain);
    if (mirror || !known) return;
    known.endpoints = known.endpoints.then((all) =>
      all.filter((each) => each.mirror || each.origin.href === origin.href),
    );
  }
}

async function findEndpoints(domain: Domain, config: RegistryConfig): Promise<Endpoint[]> {
  const hosts = [registryHost(domain), ...mirrorHosts(domain, config)];
  const addresses = new Map<string, string[]>();
  for (const host of hosts) addresses.set(host, await resolveHost(host));
  return endpointsFor(domain, config, (host) =>
    isInsecureHost(host, addresses.get(host) ?? [], config.insecure),
  );
}

/** Addresses of a host, for judging whether it is local or in an insecure range. What has none is neither. */
async function resolveHost(host: string): Promise<string[]> {
  if (host === registryHost(DOCKER_IO)) return [];
  const found = await lookup(hostOf(new URL(`https://${host}`)), { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

function mirrorHosts(domain: Domain, config: RegistryConfig): string[] {
  const mirrors = [
    ...(config.mirrorsByRegistry[domain] ?? []),
    ...(domain === DOCKER_IO ? config.mirrors : []),
  ];
  return mirrors.map((mirror) => parseMirror(mirror).origin.host);
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
