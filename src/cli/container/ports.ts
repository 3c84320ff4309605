import { isIP } from 'node:net';
import { EngineError } from '../../base/errors.ts';
import type { PortBinding } from '../../wire/types-host-config.ts';
import { splitPair } from '../flags/lists.ts';
import { parseInteger } from '../flags/scalars.ts';

const PROTOCOLS = new Set(['tcp', 'udp', 'sctp']);

/** What `-p` and `--expose` ask for, by `PORT/PROTO`. */
export interface PortRequest {
  exposed: readonly string[];
  bindings: Readonly<Record<string, PortBinding[]>>;
}

interface Range {
  first: number;
  last: number;
}

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** Settles all port flags. Throws `invalid`. */
export function portRequest(publish: readonly string[], expose: readonly string[]): PortRequest {
  const bindings: Record<string, PortBinding[]> = {};
  for (const spec of publish) {
    for (const [port, binding] of parsePublish(shortForm(spec))) {
      bindings[port] = [...(bindings[port] ?? []), binding];
    }
  }
  const exposed = new Set([...Object.keys(bindings), ...expose.flatMap(parseExpose)]);
  return { exposed: [...exposed], bindings };
}

/** `published=8080,target=80,protocol=udp` → `8080:80/udp`. */
function shortForm(spec: string): string {
  if (!spec.includes('=')) return spec;
  const params: Record<string, string> = { protocol: 'tcp' };
  for (const param of spec.split(',')) {
    const [name, value] = splitPair(param);
    if (value === undefined) fail(`invalid publish opts format (should be name=value but got '${param}')`);
    params[name] = value ?? '';
  }
  return `${params['published'] ?? ''}:${params['target'] ?? ''}/${params['protocol']}`;
}

/** `[[IP:]HOST_PORT:]PORT[/PROTO]`, ports may be ranges. */
function parsePublish(spec: string): [port: string, binding: PortBinding][] {
  const [numbers, protocol] = splitProtocol(spec);
  const parts = numbers.split(':');
  const container = parts.at(-1) ?? '';
  const host = parts.at(-2) ?? '';
  const ip = parseIp(parts.slice(0, -2).join(':'));
  if (container === '') fail(`no port specified: ${spec}<empty>`);
  const inside = range(container, `invalid containerPort: ${container}`);
  const outside = host === '' ? undefined : range(host, `invalid hostPort: ${host}`);
  if (!PROTOCOLS.has(protocol.toLowerCase())) fail(`invalid proto: ${protocol}`);
  const single = inside.first === inside.last;
  if (outside && !single && outside.last - outside.first !== inside.last - inside.first) {
    fail(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  }
  // One container port and several host ports: the daemon takes whichever is free.
  if (outside && single && outside.first !== outside.last) {
    return [
      [
        `${inside.first}/${protocol.toLowerCase()}`,
        { HostIp: ip, HostPort: `${outside.first}-${outside.last}` },
      ],
    ];
  }
  return Array.from({ length: inside.last - inside.first + 1 }, (_, i) => [
    `${inside.first + i}/${protocol.toLowerCase()}`,
    { HostIp: ip, HostPort: outside ? String(outside.first + i) : '' },
  ]);
}

function parseExpose(spec: string): string[] {
  if (spec.includes(':')) fail(`invalid port format for --expose: ${spec}`);
  const [numbers, protocol] = splitProtocol(spec);
  const { first, last } = exposedRange(spec, numbers);
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`);
}

function exposedRange(spec: string, numbers: string): Range {
  try {
    return parseRange(numbers);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`invalid range format for --expose: ${spec}, error: ${reason}`);
  }
}

function splitProtocol(spec: string): [numbers: string, protocol: string] {
  const [numbers = '', protocol = ''] = spec.split('/');
  return [numbers, protocol === '' ? 'tcp' : protocol];
}

function parseIp(text: string): string {
  if (text === '') return '';
  const ip = text.replace(/^\[(.*)\]$/, '$1');
  return isIP(ip) === 0 ? fail(`invalid IP address: ${ip}`) : ip;
}

function range(text: string, problem: string): Range {
  try {
    return parseRange(text);
  } catch {
    return fail(problem);
  }
}

function parseRange(text: string): Range {
  if (text === '') fail('empty string specified for ports');
  const dash = text.indexOf('-');
  const first = parseInteger(dash < 0 ? text : text.slice(0, dash), 16, false);
  const last = dash < 0 ? first : parseInteger(text.slice(dash + 1), 16, false);
  return last < first ? fail(`invalid range specified for port: ${text}`) : { first, last };
}
