import { readdirSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';
import { EngineError } from '../../base/errors.ts';
import type { DeviceMapping, DeviceRequest } from '../../wire/types-host-config.ts';
import { splitPair } from '../flags/lists.ts';
import { csvFields } from './csv.ts';

/** `vendor.com/class=name` (Container Device Interface, "Kind"). */
const CDI_NAME =
  /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]\/[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?=[A-Za-z0-9][A-Za-z0-9_.:-]*$/;
const CGROUP_RULE = /^[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}$/;

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** What `--device` asks for: device nodes, and devices that the daemon knows by name. */
export interface DevicePlan {
  mappings: DeviceMapping[];
  cdi: string[];
}

/** Settles all `--device` flags; `/dev/x*` means the nodes there are now. Throws `invalid`. */
export function deviceRequest(devices: readonly string[]): DevicePlan {
  const cdi = devices.filter((device) => CDI_NAME.test(device));
  const nodes = devices.filter((device) => !CDI_NAME.test(device));
  return { mappings: nodes.flatMap(parseDevice), cdi };
}

/** `PATH[:PATH_INSIDE][:rwm]`. */
function parseDevice(text: string): DeviceMapping[] {
  const parts = text.split(':');
  const [source = '', second, third] = parts;
  if (parts.length > 3 || source === '') fail(`bad format for path: ${text}`);
  if (third !== undefined && !isMode(third)) fail(`bad mode specified: ${third}`);
  const secondIsMode = second !== undefined && third === undefined && isMode(second);
  const target = secondIsMode ? undefined : second;
  const permissions = third ?? (secondIsMode ? second : 'rwm');
  const inside = target ?? source;
  if (!inside.startsWith('/')) fail(`${inside} is not an absolute path`);
  if (source.endsWith('*')) {
    if (target !== undefined) fail(`device with * suffix can't have dst: ${text}`);
    return startingWith(source.slice(0, -1)).map((path) => mapping(path, path, permissions));
  }
  const from = target === undefined ? posix.normalize(source) : source;
  return [mapping(from, posix.normalize(inside), permissions)];
}

function mapping(from: string, to: string, permissions: string): DeviceMapping {
  return { PathOnHost: from, PathInContainer: to, CgroupPermissions: permissions };
}

function startingWith(prefix: string): string[] {
  const dir = dirname(prefix + 'x');
  const start = prefix.endsWith('/') ? '' : basename(prefix);
  try {
    const names = readdirSync(dir).filter((name) => name.startsWith(start) && !name.startsWith('.'));
    return names.sort().map((name) => join(dir, name));
  } catch {
    return [];
  }
}

/** A subset of `rwm`, each letter once. */
function isMode(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

/** A `--device-cgroup-rule` such as `c 1:3 mr`. Throws `invalid`. */
export function checkCgroupRule(text: string): string {
  return CGROUP_RULE.test(text) ? text : fail(`invalid device cgroup format '${text}'`);
}

/** A `--gpus`: `all`, a number, or `device=0,capabilities=utility`. Throws `invalid`. */
export function parseGpus(text: string): DeviceRequest {
  const request: DeviceRequest = {
    Driver: '',
    Count: 0,
    DeviceIDs: null,
    Capabilities: [['gpu']],
    Options: {},
  };
  const seen = new Set<string>();
  for (const field of csvFields(text)) {
    const [key, value] = splitPair(field);
    if (seen.has(key)) fail(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (value === undefined) {
      seen.add('count');
      request.Count = gpuCount(key);
    } else if (key === 'count') request.Count = gpuCount(value);
    else if (key === 'driver') request.Driver = value;
    else if (key === 'device') request.DeviceIDs = value.split(',');
    else if (key === 'capabilities') request.Capabilities = [[...value.split(','), 'gpu']];
    else if (key === 'options') {
      request.Options = Object.fromEntries(
        csvFields(value).map((pair) => [splitPair(pair)[0], splitPair(pair)[1] ?? '']),
      );
    } else fail(`unexpected key '${key}' in '${field}'`);
  }
  if (!seen.has('count') && request.DeviceIDs === null) request.Count = 1;
  return request;
}

function gpuCount(text: string): number {
  if (text === 'all') return -1;
  return /^[+-]?\d+$/.test(text)
    ? Number(text)
    : fail(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
}
