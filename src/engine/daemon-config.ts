import { EngineError, messageOf } from '../base/errors.ts';
import { COMMAND_FLAGS, OPTIONS, type OptionSpec } from './daemon-options.ts';

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** What the daemon runs with, from flags and daemon.json. Sizes in bytes. */
export interface DaemonConfig {
  readonly hosts: readonly string[];
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly pidfile: string;
  readonly group: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly registryMirrors: readonly string[];
  readonly insecureRegistries: readonly string[];
  readonly maxConcurrentDownloads: number;
  readonly maxDownloadAttempts: number;
  readonly shmSize: number;
  readonly ulimits: readonly Ulimit[];
  readonly cgroupParent: string;
  readonly labels: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly seccompProfile: string;
  readonly init: boolean;
  readonly logDriver: string;
  readonly logOpts: Readonly<Record<string, string>>;
  readonly snapshotter: 'overlay' | 'copy';
  /** Options that were given and have no effect, with the reason. */
  readonly ignored: readonly string[];
}

/** A value as flags and file give it, by option key. */
export type Settings = ReadonlyMap<string, unknown>;

export interface CommandLine {
  readonly settings: Settings;
  readonly configFile: string | undefined;
  readonly validate: boolean;
  readonly version: boolean;
  readonly help: boolean;
}

/** Parses `gantryd`'s arguments. Throws `invalid` naming the flag. */
export function parseDaemonFlags(args: readonly string[]): CommandLine {
  const settings = new Map<string, unknown>();
  for (let i = 0; i < args.length; i++) {
    const { spec, name, inline } = findFlag(args[i] ?? '');
    let text = inline;
    if (text === undefined && spec.type === 'bool') text = 'true';
    if (text === undefined) text = args[++i];
    if (text === undefined) throw new EngineError('invalid', `flag needs an argument: ${name}`);
    settings.set(spec.key, flagValue(spec, name, text, settings.get(spec.key)));
  }
  const configFile = settings.get('config-file');
  return {
    settings,
    configFile: typeof configFile === 'string' ? configFile : undefined,
    validate: settings.get('validate') === true,
    version: settings.get('version') === true,
    help: settings.get('help') === true,
  };
}

function findFlag(arg: string): { spec: OptionSpec; name: string; inline: string | undefined } {
  const long = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
  const short = /^-([^-])(?:=?(.+))?$/s.exec(arg);
  const all = [...OPTIONS, ...COMMAND_FLAGS];
  const spec = long
    ? all.find((each) => (each.flag ?? each.key) === long[1])
    : short && all.find((each) => each.short === short[1]);
  if (!spec)
    throw new EngineError('invalid', long || short ? `unknown flag: ${arg}` : `unexpected argument: ${arg}`);
  return { spec, name: long ? `--${long[1]}` : `-${short?.[1]}`, inline: long ? long[2] : short?.[2] };
}

function flagValue(spec: OptionSpec, name: string, text: string, before: unknown): unknown {
  switch (spec.type) {
    case 'string':
    case 'size':
      return text;
    case 'bool':
      if (!['true', 'false', '1', '0'].includes(text))
        throw new EngineError('invalid', `invalid value ${JSON.stringify(text)} for ${name}: not a boolean`);
      return text === 'true' || text === '1';
    case 'int':
      if (!/^\d+$/.test(text))
        throw new EngineError('invalid', `invalid value ${JSON.stringify(text)} for ${name}: not a number`);
      return Number(text);
    case 'list':
      return [...(Array.isArray(before) ? before : []), text];
    case 'map': {
      const [key, value] = splitPair(text, name);
      return { ...(isObject(before) ? before : {}), [key]: value };
    }
    case 'object': {
      const [key, value] = splitPair(text, name);
      const [soft = '', hard = soft] = value.split(':');
      return {
        ...(isObject(before) ? before : {}),
        [key]: { Name: key, Soft: Number(soft), Hard: Number(hard) },
      };
    }
  }
}

function splitPair(text: string, name: string): [string, string] {
  const at = text.indexOf('=');
  if (at <= 0)
    throw new EngineError('invalid', `invalid value ${JSON.stringify(text)} for ${name}: expected key=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Parses daemon.json's text. Throws `invalid` with file and reason: bad JSON, unknown key, wrong type. */
export function parseDaemonFile(text: string, file: string): Settings {
  let parsed: unknown;
  try {
    parsed = text.trim() === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw new EngineError(
      'invalid',
      `unable to configure the daemon with file ${file}: ${messageOf(cause)}`,
      { cause },
    );
  }
  if (!isObject(parsed))
    throw new EngineError('invalid', `unable to configure the daemon with file ${file}: expected an object`);
  const settings = new Map<string, unknown>();
  for (const [key, value] of Object.entries(parsed)) {
    const spec = OPTIONS.find((each) => each.key === key);
    if (!spec) {
      throw new EngineError(
        'invalid',
        `unable to configure the daemon with file ${file}: unknown key ${JSON.stringify(key)}`,
      );
    }
    if (!hasType(spec, value)) {
      throw new EngineError(
        'invalid',
        `unable to configure the daemon with file ${file}: ${key} must be a ${spec.type}`,
      );
    }
    settings.set(key, value);
  }
  return settings;
}

function hasType(spec: OptionSpec, value: unknown): boolean {
  switch (spec.type) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isSafeInteger(value);
    case 'size':
      return typeof value === 'string' || Number.isSafeInteger(value);
    case 'list':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
    case 'map':
      return isObject(value) && Object.values(value).every((each) => typeof each === 'string');
    case 'object':
      return isObject(value);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Merges flags and file. dockerd's rule: an option given in both places is an error, naming it. */
export function resolveConfig(flags: Settings, file: Settings): DaemonConfig {
  const both = OPTIONS.filter((spec) => flags.has(spec.key) && file.has(spec.key)).map((spec) => spec.key);
  if (both.length > 0) {
    throw new EngineError(
      'invalid',
      `the following directives are specified both as a flag and in the configuration file: ${both.join(', ')}`,
    );
  }
  const all = new Map([...file, ...flags]);
  const execRoot = text(all, 'exec-root', '/run/gantry');
  return {
    hosts: list(all, 'hosts', [`unix://${execRoot}/gantry.sock`]),
    dataRoot: text(all, 'data-root', '/var/lib/gantry'),
    execRoot,
    pidfile: text(all, 'pidfile', `${execRoot}/gantryd.pid`),
    group: text(all, 'group', 'docker'),
    logLevel: logLevel(all),
    registryMirrors: list(all, 'registry-mirrors', []),
    insecureRegistries: list(all, 'insecure-registries', []),
    maxConcurrentDownloads: positive(all, 'max-concurrent-downloads', 3),
    maxDownloadAttempts: positive(all, 'max-download-attempts', 5),
    shmSize: size(all, 'default-shm-size', 64 << 20),
    ulimits: ulimits(all.get('default-ulimits')),
    cgroupParent: text(all, 'cgroup-parent', '/gantry'),
    labels: list(all, 'labels', []),
    noNewPrivileges: all.get('no-new-privileges') === true,
    seccompProfile: text(all, 'seccomp-profile', 'builtin'),
    init: all.get('init') === true,
    logDriver: text(all, 'log-driver', 'json-file'),
    logOpts: logOpts(all.get('log-opts')),
    snapshotter: snapshotter(all),
    ignored: OPTIONS.filter((spec) => spec.ignored && all.has(spec.key)).map(
      (spec) => `${spec.key}: ${spec.ignored}`,
    ),
  };
}

function text(all: Settings, key: string, fallback: string): string {
  const value = all.get(key);
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function list(all: Settings, key: string, fallback: string[]): string[] {
  const value = all.get(key);
  return Array.isArray(value) && value.length > 0 ? value.map(String) : fallback;
}

function positive(all: Settings, key: string, fallback: number): number {
  const value = all.get(key) ?? fallback;
  if (typeof value !== 'number' || value < 1)
    throw new EngineError('invalid', `invalid ${key}: ${String(value)} (must be at least 1)`);
  return value;
}

function size(all: Settings, key: string, fallback: number): number {
  const value = all.get(key);
  if (value === undefined) return fallback;
  const match = /^(\d+)\s*([kmgt]?)i?b?$/i.exec(String(value).trim());
  if (!match) throw new EngineError('invalid', `invalid ${key}: ${JSON.stringify(value)} is not a size`);
  return Number(match[1]) * 1024 ** ' kmgt'.indexOf((match[2] || ' ').toLowerCase());
}

function logLevel(all: Settings): DaemonConfig['logLevel'] {
  if (all.get('debug') === true) return 'debug';
  const level = text(all, 'log-level', 'info');
  if (level === 'debug' || level === 'info' || level === 'warn' || level === 'error') return level;
  throw new EngineError(
    'invalid',
    `invalid log-level: ${JSON.stringify(level)} (debug, info, warn or error)`,
  );
}

function snapshotter(all: Settings): DaemonConfig['snapshotter'] {
  const driver = text(all, 'storage-driver', 'overlay2');
  if (driver === 'overlay2' || driver === 'overlay' || driver === 'overlayfs') return 'overlay';
  if (driver === 'copy' || driver === 'vfs') return 'copy';
  throw new EngineError('invalid', `invalid storage-driver: ${JSON.stringify(driver)} (overlay2 or copy)`);
}

function logOpts(value: unknown): Record<string, string> {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]))
    : {};
}

function ulimits(value: unknown): Ulimit[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, each]) => {
    const soft = isObject(each) ? each['Soft'] : undefined;
    const hard = isObject(each) ? each['Hard'] : undefined;
    if (!Number.isSafeInteger(soft) || !Number.isSafeInteger(hard)) {
      throw new EngineError('invalid', `invalid default-ulimits: ${name} needs whole numbers Soft and Hard`);
    }
    return { name, soft: Number(soft), hard: Number(hard) };
  });
}

/** The text of `gantryd --help`. */
export function daemonHelp(): string {
  const lines = [...OPTIONS, ...COMMAND_FLAGS].map((spec) => {
    const short = spec.short ? `-${spec.short}, ` : '    ';
    const value = spec.type === 'bool' ? '' : ` ${spec.type}`;
    return `  ${short}--${spec.flag ?? spec.key}${value}`.padEnd(42) + spec.help;
  });
  return `Usage:  gantryd [OPTIONS]\n\nThe daemon of Gantry, a container engine that speaks the Docker Engine API.\n\nOptions:\n${lines.join('\n')}\n`;
}
