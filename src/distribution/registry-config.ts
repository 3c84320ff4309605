/** How registries are reached. One per daemon. */
export interface RegistryConfig {
  /**
   * Mirrors in order of preference (`registry-mirrors`): `URL` of one for docker.io, `DOMAIN=URL` of one for any registry
   * (`quay.io=https://harbor.example/proxy-quay`; the path comes before every repository's).
   */
  readonly mirrors: readonly string[];
  /** `HOST[:PORT]` or CIDR, for which certificates are not checked and plain HTTP is tried (`insecure-registries`). */
  readonly insecure: readonly string[];
  /** Directories with `HOST[:PORT]/{*.crt,*.cert,*.key}`, first match wins per host. */
  readonly certDirs: readonly string[];
  readonly maxConcurrentDownloads: number;
  /** Attempts without a single new byte before a download is given up. */
  readonly maxDownloadAttempts: number;
  readonly proxy: ProxyConfig;
  readonly userAgent: string;
  readonly timeouts: Timeouts;
}

/** Milliseconds. */
export interface Timeouts {
  readonly connect: number;
  /** From the request's end to the response's headers. */
  readonly headers: number;
  /** Between two pieces of a body. */
  readonly stall: number;
  /** The first wait before a retry; it doubles. */
  readonly backoff: number;
}

/** As in the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
export interface ProxyConfig {
  readonly http?: string;
  readonly https?: string;
  readonly no?: string;
}

/** The proxy settings in environment variables, in capitals or not. */
export function proxyConfigFromEnv(env: Readonly<Record<string, string | undefined>>): ProxyConfig {
  const variable = (name: string): string | undefined => env[name] || env[name.toLowerCase()] || undefined;
  const [http, https, no] = [variable('HTTP_PROXY'), variable('HTTPS_PROXY'), variable('NO_PROXY')];
  return { ...(http && { http }), ...(https && { https }), ...(no && { no }) };
}

export const DEFAULT_REGISTRY_CONFIG: RegistryConfig = {
  mirrors: [],
  insecure: [],
  certDirs: ['/etc/gantry/certs.d', '/etc/docker/certs.d'],
  maxConcurrentDownloads: 3,
  maxDownloadAttempts: 5,
  proxy: {},
  userAgent: 'gantry',
  timeouts: { connect: 30_000, headers: 60_000, stall: 30_000, backoff: 500 },
};
