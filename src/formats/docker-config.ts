import { EngineError } from '../base/errors.ts';
import { type JsonObject, jsonObject, jsonString, optionalString, parseJsonObject, present } from './json.ts';
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

/** What of `~/.docker/config.json` is honoured, in the file's own names. */
export interface DockerConfig {
  /** Credentials by server address, as written (`https://index.docker.io/v1/`, `ghcr.io`); read by {@link authFor}. */
  readonly auths: JsonObject;
  /** Helper suffix by registry domain: `docker-credential-SUFFIX`. */
  readonly credHelpers: Readonly<Record<string, string>>;
  /** Helper for every registry without its own. */
  readonly credsStore?: string;
  /** By daemon address; `default` for all others. */
  readonly proxies: Readonly<Record<string, ProxySettings>>;
  /** Sent with every request to the daemon. */
  readonly HttpHeaders: Readonly<Record<string, string>>;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly detachKeys?: string;
  readonly currentContext?: string;
  /** The whole document, for writing it back. */
  readonly document: JsonObject;
  /** Where it was read from, for errors. */
  readonly file: string;
}

/** The key under which credentials for Docker Hub are kept, for historical reasons. */
export const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/';

/** Names of programs looked up in PATH: no path, no surprise. */
const HELPER = /^[\w.-]{1,64}$/;

/**
 * Parses `config.json`; an empty text is an empty configuration. Throws `invalid` naming `file` and the field. One set of
 * credentials that cannot be read spoils no other use of the file.
 */
export function parseDockerConfig(text: string, file: string): DockerConfig {
  const document = text.trim() === '' ? {} : parseJsonObject(text, file);
  const section = (key: string): JsonObject =>
    present(document[key]) ? jsonObject(document[key], `${file}: ${key}`) : {};
  const mapped = <T>(key: string, parse: (value: unknown, path: string) => T): Record<string, T> =>
    Object.fromEntries(
      Object.entries(section(key)).map(([name, value]) => [name, parse(value, `${file}: ${key}.${name}`)]),
    );
  const texts = ['psFormat', 'imagesFormat', 'detachKeys', 'currentContext'] as const;
  const given = texts.map((key) => [key, optionalString(document[key], `${file}: ${key}`)] as const);
  const credsStore = parseHelper(document['credsStore'], `${file}: credsStore`);
  return {
    auths: section('auths'),
    credHelpers: mapped('credHelpers', (value, path) => parseHelper(value, path) ?? ''),
    ...(credsStore !== undefined && { credsStore }),
    proxies: mapped('proxies', parseProxies),
    HttpHeaders: mapped('HttpHeaders', jsonString),
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    document,
    file,
  };
}

/** `config.json` with `auth` kept for `server` (removed when undefined); every other field stays as it was. */
export function withAuth(config: DockerConfig, server: string, auth: AuthConfig | undefined): string {
  const auths: Record<string, unknown> = { ...config.auths };
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
 * The credentials that the file itself has for `server`: those under the exact key, or under one of the same host
 * (`https://host/v1/` and `host` mean the same; another port is another host). Undefined when there are none.
 */
export function authFor({ auths, file }: DockerConfig, server: string): AuthConfig | undefined {
  const host = serverHost(server);
  const keys = Object.keys(auths);
  const key = keys.includes(server) ? server : keys.find((each) => serverHost(each) === host);
  if (key === undefined) return undefined;
  const auth = parseAuthConfig(auths[key], `${file}: auths.${key}`);
  return Object.keys(auth).length === 0 ? undefined : auth;
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
