import { EngineError } from '../base/errors.ts';
import { DOCKER_IO, type Domain, parseDomain } from '../formats/reference.ts';
import { inBlocks, isLoopback } from './transport/proxy.ts';

/** One way to reach the repositories of a domain. */
export interface Endpoint {
  /** `https://host:port`. */
  readonly origin: URL;
  /** What a mirror puts before every repository's path: `''`, `proxy-quay/`. */
  readonly namespace: string;
  /** A mirror never sees the user's credentials, and its refusal is not the last word. */
  readonly mirror: boolean;
  /** False when the host is an insecure registry. */
  readonly verifyTls: boolean;
}

/** The host that serves docker.io's images. */
const DOCKER_IO_HOST = 'registry-1.docker.io';
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** The registry host of a domain. */
export function registryHost(domain: Domain): string {
  return domain === DOCKER_IO ? DOCKER_IO_HOST : domain;
}

/**
 * The endpoints to try for `domain`: its `mirrors` in order, then the registry itself, by HTTPS (an insecure one may turn out
 * to speak HTTP). `isInsecure` says so of a `host[:port]`.
 */
export function endpointsFor(
  domain: Domain,
  mirrors: readonly Mirror[],
  isInsecure: (host: string) => boolean,
): { mirrors: Endpoint[]; registry: Endpoint } {
  const host = registryHost(domain);
  const origin = new URL(`https://${host}`);
  return {
    mirrors: mirrors.map(({ origin: at, namespace }) => {
      return { origin: at, namespace, mirror: true, verifyTls: !isInsecure(at.host) };
    }),
    registry: { origin, namespace: '', mirror: false, verifyTls: !isInsecure(host) },
  };
}

/** A mirror and the domain it is for. */
export interface Mirror {
  readonly domain: Domain;
  readonly origin: URL;
  /** Its path, to be put before the repositories' (`proxy-quay/`). */
  readonly namespace: string;
}

/** Parses `URL` (a mirror of docker.io) or `DOMAIN=URL`. Throws `invalid`. */
export function parseMirror(text: string): Mirror {
  const [, domain, address = text] = /^([^=/]+)=(.*)$/.exec(text) ?? [];
  const refuse = (why: string): EngineError =>
    new EngineError('invalid', `invalid mirror: ${JSON.stringify(text)} ${why}`);
  if (!URL.canParse(address)) throw refuse('is not a valid URI');
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('is neither http nor https');
  if (url.username !== '' || url.password !== '') throw refuse('holds credentials');
  if (url.search !== '' || url.hash !== '') throw refuse('has a query or fragment');
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    domain: domain === undefined ? DOCKER_IO : parseDomain(domain),
    origin: new URL(url.origin),
    namespace: path === '' ? '' : `${path}/`,
  };
}

/**
 * True when `host` (`HOST[:PORT]`), which resolves to `addresses`, is loopback or in the list of insecure registries
 * (`HOST[:PORT]` or CIDR), as dockerd judges it.
 */
export function isInsecureHost(host: string, addresses: readonly string[], list: readonly string[]): boolean {
  if (list.includes(host)) return true;
  const name = new URL(`https://${host}`).hostname.replace(/^\[|\]$/g, '');
  const blocks = [...LOOPBACK, ...list.filter((entry) => entry.includes('/'))];
  return isLoopback(name) || [name, ...addresses].some((address) => inBlocks(address, blocks));
}
