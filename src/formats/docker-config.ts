import { EngineError } from '../base/errors.ts';
import {
  isJsonObject,
  type JsonObject,
  jsonObject,
  optionalString,
  parseJsonObject,
  present,
} from './json.ts';
import { DOCKER_IO, type Domain } from './reference.ts';

/** Credentials for one registry, as the API and `config.json` carry them. */
export interface AuthConfig {
  readonly username?: string;
  readonly password?: string;
  /** OAuth 2 refresh token. */
  readonly identityToken?: string;
  /** Bearer token, used as it is. */
  readonly registryToken?: string;
  readonly serverAddress?: string;
}

/** Proxies for containers and builds made through a daemon; names as in `config.json`. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly ftpProxy?: string;
  readonly allProxy?: string;
}

/** The parts of `~/.docker/config.json` that say who one is and which proxies to use. */
export interface DockerConfig {
  /** By server address, as written: `https://index.docker.io/v1/`, `ghcr.io`. */
  readonly auths: Readonly<Record<string, AuthConfig>>;
  /** Helper suffix by registry domain: `docker-credential-SUFFIX`. */
  readonly credHelpers: Readonly<Record<string, string>>;
  /** Helper for every registry without its own. */
  readonly credsStore?: string;
  /** By daemon address; `default` for all others. */
  readonly proxies: Readonly<Record<string, ProxySettings>>;
  /** The whole document, for other parts' fields and for writing it back. */
  readonly document: JsonObject;
}

/** The key under which credentials for Docker Hub are kept, for historical reasons. */
export const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';

/** Names of programs looked up in PATH: no path, no surprise. */
const HELPER = /^[\w.-]{1,64}$/;

/** Parses `config.json`; an empty text is an empty configuration. Throws `invalid` naming `file` and the field. */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  const document = text.trim() === '' ? {} : parseJsonObject(text, file);
  const entries = (key: string): [string, unknown][] =>
    present(document[key]) ? Object.entries(jsonObject(document[key], `${file}: ${key}`)) : [];
  const mapped = <T>(key: string, parse: (value: unknown, path: string) => T): Record<string, T> =>
    Object.fromEntries(
      entries(key).map(([name, value]) => [name, parse(value, `${file}: ${key}[${JSON.stringify(name)}]`)]),
    );
  const credsStore = parseHelper(document['credsStore'], `${file}: credsStore`);
  return {
    auths: mapped('auths', parseAuthConfig),
    credHelpers: mapped('credHelpers', (value, path) => parseHelper(value, path) ?? ''),
    ...(credsStore !== undefined && { credsStore }),
    proxies: mapped('proxies', parseProxies),
    document,
  };
}

/** `config.json` with `auth` kept for `server` (removed when undefined); every other field stays as it was. */
export function withAuth(config: DockerConfig, server: string, auth: AuthConfig | undefined): string {
  const raw = config.document['auths'];
  const auths: Record<string, unknown> = isJsonObject(raw) ? { ...raw } : {};
  delete auths[server];
  if (auth) auths[server] = storedAuth(auth);
  return JSON.stringify({ ...config.document, auths }, null, '\t');
}

function storedAuth(auth: AuthConfig): JsonObject {
  if (auth.identityToken) return { auth: basic(auth.username ?? '', ''), identitytoken: auth.identityToken };
  return auth.username ? { auth: basic(auth.username, auth.password ?? '') } : {};
}

/** The credential helper that keeps credentials of `server`; undefined when they are in the file itself. */
export function helperFor(config: DockerConfig, server: string): string | undefined {
  const host = serverHost(server);
  const own = Object.entries(config.credHelpers).find(([key]) => key === server || serverHost(key) === host);
  return own?.[1] || config.credsStore;
}

/** Where credentials for images of `domain` are kept: its own name, or Docker Hub's historical one. */
export function serverFor(domain: Domain): string {
  return domain === DOCKER_IO ? DOCKER_HUB_SERVER : domain;
}

/**
 * The entry of `auths` for `server`: the exact key, or one for the same host (`https://host/v1/` and `host` mean the same).
 * Never one for another host or port.
 */
export function authFor(auths: Readonly<Record<string, AuthConfig>>, server: string): AuthConfig | undefined {
  if (Object.hasOwn(auths, server)) return auths[server];
  const host = serverHost(server);
  return Object.entries(auths).find(([key]) => serverHost(key) === host)?.[1];
}

/** `https://index.docker.io/v1/` → `index.docker.io`; the Hub's several names are one. */
function serverHost(server: string): string {
  const host = server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return ['docker.io', 'registry-1.docker.io'].includes(host) ? 'index.docker.io' : host;
}

/** Decodes the API's `X-Registry-Auth` header (base64url JSON, RFC 4648 section 5; padding optional). Empty: undefined. */
export function decodeRegistryAuth(header: string | undefined): AuthConfig | undefined {
  if (header === undefined || header === '') return undefined;
  const auth = parseAuthConfig(decodeHeader(header, 'X-Registry-Auth'), 'X-Registry-Auth');
  return Object.keys(auth).length === 0 ? undefined : auth;
}

/** Decodes `X-Registry-Config`: the credentials a build may need, by server address. */
export function decodeRegistryConfig(header: string | undefined): Record<string, AuthConfig> {
  if (header === undefined || header === '') return {};
  return Object.fromEntries(
    Object.entries(decodeHeader(header, 'X-Registry-Config')).map(([server, value]) => [
      server,
      parseAuthConfig(value, `X-Registry-Config[${JSON.stringify(server)}]`),
    ]),
  );
}

/** Encodes credentials for the `X-Registry-Auth` header. */
export function encodeRegistryAuth(auth: AuthConfig): string {
  return Buffer.from(JSON.stringify(authJson(auth))).toString('base64url');
}

/** Credentials in the API's field names, the body of `POST /auth`. */
export function authJson(auth: AuthConfig): JsonObject {
  const { username, password, identityToken, registryToken, serverAddress } = auth;
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(serverAddress && { serveraddress: serverAddress }),
    ...(identityToken && { identitytoken: identityToken }),
    ...(registryToken && { registrytoken: registryToken }),
  };
}

/** Parses one set of credentials, in the field names of the API and of `config.json`. */
export function parseAuthConfig(value: unknown, path: string): AuthConfig {
  const json = jsonObject(value, path);
  const field = (name: string): string | undefined => optionalString(json[name], `${path}.${name}`);
  const packed = field('auth');
  const [username, password] =
    packed === undefined ? [field('username'), field('password')] : unpackBasic(packed, `${path}.auth`);
  const identityToken = field('identitytoken');
  const registryToken = field('registrytoken');
  const serverAddress = field('serveraddress');
  return {
    ...(username && { username }),
    ...(password && { password }),
    ...(identityToken && { identityToken }),
    ...(registryToken && { registryToken }),
    ...(serverAddress && { serverAddress }),
  };
}

function parseProxies(value: unknown, path: string): ProxySettings {
  const json = jsonObject(value, path);
  const names = ['httpProxy', 'httpsProxy', 'noProxy', 'ftpProxy', 'allProxy'] as const;
  const given = names.map((name) => [name, optionalString(json[name], `${path}.${name}`)] as const);
  return Object.fromEntries(given.filter(([, text]) => text !== undefined));
}

function parseHelper(value: unknown, path: string): string | undefined {
  const name = optionalString(value, path);
  if (name !== undefined && !HELPER.test(name)) {
    throw new EngineError('invalid', `${path}: ${JSON.stringify(name.slice(0, 80))} is no helper name`);
  }
  return name;
}

function decodeHeader(header: string, name: string): JsonObject {
  return parseJsonObject(Buffer.from(header, 'base64url'), `invalid ${name} header`);
}

function basic(username: string, password: string): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

/** `base64(user:password)`; a helper for the terminal may have ended it with NULs. */
function unpackBasic(packed: string, path: string): [username: string, password: string] {
  const text = Buffer.from(packed, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw new EngineError('invalid', `${path}: not base64 of USER:PASSWORD`);
  return [text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, '')];
}
