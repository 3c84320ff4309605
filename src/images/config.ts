import { EngineError } from '../base/errors.ts';
import { asDiffId, type DiffId, parseDigest } from '../formats/digest.ts';
import {
  type JsonObject,
  jsonArray,
  jsonObject,
  jsonString,
  optionalString,
  parseJsonObject,
  present,
  stringList,
  stringMap,
} from '../formats/json.ts';
import type { Platform } from '../formats/platform.ts';

/** An image's config blob (OCI image-spec, config.md, with Docker's additions). Its digest is the image ID. */
export interface ImageConfig {
  readonly platform: Platform;
  /** RFC 3339; absent in reproducible images. */
  readonly createdAt?: string;
  readonly author: string;
  readonly comment: string;
  readonly dockerVersion: string;
  /** Image ID of the parent, as Docker's classic builder wrote it. */
  readonly parent?: string;
  readonly defaults: ProcessDefaults;
  /** Bottom first. */
  readonly diffIds: readonly DiffId[];
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
}

/** What a container of the image runs unless told otherwise: the config's `config` object. */
export interface ProcessDefaults {
  readonly user: string;
  /** `PORT/PROTO`, sorted. */
  readonly exposedPorts: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  /** Sorted. */
  readonly volumes: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly onBuild: readonly string[];
  readonly stopSignal?: string;
  /** Seconds. */
  readonly stopTimeout?: number;
  readonly healthcheck?: HealthDefaults;
  readonly shell?: readonly string[];
  readonly argsEscaped: boolean;
}

/** Durations in nanoseconds, 0 meaning "inherit or default". */
export interface HealthDefaults {
  readonly test: readonly string[];
  readonly interval: number;
  readonly timeout: number;
  readonly startPeriod: number;
  readonly startInterval: number;
  readonly retries: number;
}

export interface HistoryEntry {
  readonly createdAt?: string;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  /** The step made no layer. */
  readonly emptyLayer: boolean;
}

/** Largest config taken, in bytes. Real ones have some kilobytes. */
export const MAX_CONFIG_SIZE = 8 << 20;

const MAX_LAYERS = 4096;
const MAX_HISTORY = 16_384;
const MAX_LIST = 16_384;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)$/;
/** What Go writes for "no time". */
const NO_TIME = '0001-01-01T00:00:00Z';

/** Parses a config blob. Throws `invalid` naming `what` and the field. */
export function parseImageConfig(bytes: Uint8Array | string, what: string): ImageConfig {
  if (bytes.length > MAX_CONFIG_SIZE) {
    throw new EngineError('invalid', `${what}: larger than ${MAX_CONFIG_SIZE} bytes`);
  }
  const json = parseJsonObject(bytes, what);
  const createdAt = time(json['created'], `${what}: created`);
  const parent = optionalString(json['parent'], `${what}: parent`);
  return {
    platform: parsePlatform(json, what),
    ...(createdAt !== undefined && { createdAt }),
    author: text(json['author'], `${what}: author`),
    comment: text(json['comment'], `${what}: comment`),
    dockerVersion: text(json['docker_version'], `${what}: docker_version`),
    ...(parent !== undefined && { parent }),
    defaults: parseDefaults(present(json['config']) ? json['config'] : {}, `${what}: config`),
    diffIds: parseDiffIds(json['rootfs'], `${what}: rootfs`),
    history: parseHistory(json['history'], `${what}: history`),
  };
}

/** Throws `invalid` when the history tells of more layers than there are. */
export function checkHistory(config: ImageConfig, what: string): void {
  const layers = config.history.filter((entry) => !entry.emptyLayer).length;
  if (layers > config.diffIds.length) {
    const counts = `${layers} entries with a layer, but rootfs.diff_ids has ${config.diffIds.length}`;
    throw new EngineError('invalid', `${what}: history: ${counts}`);
  }
}

function parsePlatform(json: JsonObject, what: string): Platform {
  const variant = optionalString(json['variant'], `${what}: variant`);
  const osVersion = optionalString(json['os.version'], `${what}: os.version`);
  return {
    os: optionalString(json['os'], `${what}: os`) ?? 'linux',
    architecture: text(json['architecture'], `${what}: architecture`),
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { osVersion }),
  };
}

function parseDiffIds(value: unknown, path: string): DiffId[] {
  const rootfs = jsonObject(value, path);
  const type = optionalString(rootfs['type'], `${path}.type`);
  if (type !== undefined && type !== 'layers') {
    throw new EngineError(
      'invalid',
      `${path}.type: expected "layers", got ${JSON.stringify(type.slice(0, 80))}`,
    );
  }
  const list = present(rootfs['diff_ids']) ? rootfs['diff_ids'] : [];
  return stringList(list, `${path}.diff_ids`, MAX_LAYERS).map((item, i) =>
    asDiffId(parseDigest(item, `${path}.diff_ids[${i}]`)),
  );
}

function parseHistory(value: unknown, path: string): HistoryEntry[] {
  if (!present(value)) return [];
  return jsonArray(value, path, MAX_HISTORY).map((item, i) => {
    const at = `${path}[${i}]`;
    const json = jsonObject(item, at);
    const createdAt = time(json['created'], `${at}.created`);
    return {
      ...(createdAt !== undefined && { createdAt }),
      createdBy: text(json['created_by'], `${at}.created_by`),
      author: text(json['author'], `${at}.author`),
      comment: text(json['comment'], `${at}.comment`),
      emptyLayer: flag(json['empty_layer'], `${at}.empty_layer`),
    };
  });
}

function parseDefaults(value: unknown, path: string): ProcessDefaults {
  const json = jsonObject(value, path);
  const at = (field: string): string => `${path}.${field}`;
  const list = (field: string): string[] | undefined =>
    present(json[field]) ? plainList(json[field], at(field)) : undefined;
  const entrypoint = list('Entrypoint');
  const cmd = list('Cmd');
  const shell = list('Shell');
  const stopSignal = optionalString(json['StopSignal'], at('StopSignal'));
  return {
    user: text(json['User'], at('User')),
    exposedPorts: keysOf(json['ExposedPorts'], at('ExposedPorts')),
    env: list('Env') ?? [],
    ...(entrypoint && { entrypoint }),
    ...(cmd && { cmd }),
    volumes: keysOf(json['Volumes'], at('Volumes')).map((volume) => insideRoot(volume, at('Volumes'))),
    workingDir: plain(text(json['WorkingDir'], at('WorkingDir')), at('WorkingDir')),
    labels: present(json['Labels']) ? stringMap(json['Labels'], at('Labels')) : {},
    onBuild: list('OnBuild') ?? [],
    ...(stopSignal !== undefined && { stopSignal }),
    ...(present(json['StopTimeout']) && { stopTimeout: integer(json['StopTimeout'], at('StopTimeout')) }),
    ...(present(json['Healthcheck']) && { healthcheck: parseHealth(json['Healthcheck'], at('Healthcheck')) }),
    ...(shell && { shell }),
    argsEscaped: flag(json['ArgsEscaped'], at('ArgsEscaped')),
  };
}

function parseHealth(value: unknown, path: string): HealthDefaults {
  const json = jsonObject(value, path);
  const number = (field: string): number =>
    present(json[field]) ? integer(json[field], `${path}.${field}`) : 0;
  return {
    test: present(json['Test']) ? plainList(json['Test'], `${path}.Test`) : [],
    interval: number('Interval'),
    timeout: number('Timeout'),
    startPeriod: number('StartPeriod'),
    startInterval: number('StartInterval'),
    retries: number('Retries'),
  };
}

/** Go's sets: `{"80/tcp": {}}`. */
function keysOf(value: unknown, path: string): string[] {
  if (!present(value)) return [];
  const keys = Object.keys(jsonObject(value, path));
  if (keys.length > MAX_LIST) throw new EngineError('invalid', `${path}: ${keys.length} entries`);
  return keys.map((key) => plain(key, path)).sort();
}

/** A volume's path must not lead out of the root it is joined to (CVE-2022-23648). */
function insideRoot(volume: string, path: string): string {
  if (volume.split('/').includes('..')) {
    throw new EngineError(
      'invalid',
      `${path}[${JSON.stringify(volume.slice(0, 200))}]: ".." is not allowed in a volume's path`,
    );
  }
  return volume;
}

function plainList(value: unknown, path: string): string[] {
  return stringList(value, path, MAX_LIST).map((item, i) => plain(item, `${path}[${i}]`));
}

/** The kernel's strings end at NUL: what follows one would be checked but not used. */
function plain(value: string, path: string): string {
  if (value.includes('\0')) throw new EngineError('invalid', `${path}: contains a NUL character`);
  return value;
}

function text(value: unknown, path: string): string {
  return present(value) ? jsonString(value, path) : '';
}

function time(value: unknown, path: string): string | undefined {
  const found = optionalString(value, path);
  if (found === undefined || found === NO_TIME) return undefined;
  if (TIME.test(found) && !Number.isNaN(Date.parse(found))) return found;
  throw new EngineError('invalid', `${path}: ${JSON.stringify(found.slice(0, 80))} is not an RFC 3339 time`);
}

function flag(value: unknown, path: string): boolean {
  if (!present(value)) return false;
  if (typeof value === 'boolean') return value;
  throw new EngineError(
    'invalid',
    `${path}: expected true or false, got ${JSON.stringify(value)?.slice(0, 80)}`,
  );
}

function integer(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw new EngineError(
    'invalid',
    `${path}: expected an integer, got ${JSON.stringify(value)?.slice(0, 80)}`,
  );
}
