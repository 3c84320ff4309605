import { EngineError } from '../base/errors.ts';

/** Where `gantryd` listens unless told otherwise. */
export const DEFAULT_SOCKET = '/run/gantry/gantry.sock';
const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/** Where a daemon listens. `basePath` precedes every API path (a reverse proxy's prefix); it has no trailing slash. */
export type Address =
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number; basePath: string };

/**
 * Parses a `DOCKER_HOST` or `--host`: `unix://PATH`, `tcp://HOST[:PORT][/PATH]`, `http://…`, `https://…` or a bare
 * `HOST[:PORT]`; without a port 2375, and 2376 with TLS. Throws `invalid` naming the text.
 */
export function parseAddress(text: string, tls: boolean): Address {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'unix', path: DEFAULT_SOCKET };
  const [, scheme = 'tcp', rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(trimmed) ?? [];
  switch (scheme) {
    case 'unix':
      return { kind: 'unix', path: rest === '' ? DEFAULT_SOCKET : rest };
    case 'tcp':
    case 'http':
    case 'https':
      return tcpAddress(text, rest, tls || scheme === 'https');
    case 'ssh':
      throw new EngineError(
        'not-implemented',
        `host ${quote(text)}: ssh:// is not available yet; use ssh -L and unix://`,
      );
    default:
      throw new EngineError(
        'invalid',
        `host ${quote(text)}: unsupported scheme "${scheme}"; use unix:// or tcp://`,
      );
  }
}

function tcpAddress(text: string, rest: string, tls: boolean): Address {
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const basePath = slash < 0 ? '' : rest.slice(slash).replace(/\/+$/, '');
  const [, bracketed, plain, portText] =
    /^(?:\[([\da-fA-F:.%\w]+)\]|([^:[\]@\s]*))(?::(\d+))?$/.exec(authority) ?? [];
  const host = bracketed ?? plain;
  const port = portText === undefined ? (tls ? TLS_PORT : PLAIN_PORT) : Number(portText);
  if (host === undefined || port < 1 || port > 65535) {
    throw new EngineError('invalid', `host ${quote(text)}: expected tcp://HOST:PORT`);
  }
  return { kind: 'tcp', host: host === '' ? '127.0.0.1' : host, port, basePath };
}

/** The address as people write it: `unix:///run/gantry/gantry.sock`, `tcp://host:2375`. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `tcp://${host}:${address.port}${address.basePath}`;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
