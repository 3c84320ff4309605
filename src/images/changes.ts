import { EngineError } from '../base/errors.ts';
import { parseDuration } from '../formats/duration.ts';
import type { HealthDefaults, ProcessDefaults } from './config.ts';

/** An empty config. */
export const NO_DEFAULTS: ProcessDefaults = {
  user: '',
  exposedPorts: [],
  env: [],
  volumes: [],
  workingDir: '',
  labels: {},
  onBuild: [],
  argsEscaped: false,
};

type Change = (defaults: ProcessDefaults, rest: string) => ProcessDefaults;

const MAX_CHANGES = 1000;

/** The instructions that `import` and `commit` take. */
const INSTRUCTIONS: Readonly<Record<string, Change>> = {
  CMD: (defaults, rest) => ({ ...defaults, cmd: command(rest, defaults) }),
  ENTRYPOINT: (defaults, rest) => ({ ...defaults, entrypoint: command(rest, defaults) }),
  ENV: (defaults, rest) => ({ ...defaults, env: mergeEnv(defaults.env, pairs(rest, 'ENV')) }),
  EXPOSE: (defaults, rest) => ({
    ...defaults,
    exposedPorts: union(defaults.exposedPorts, words(rest).flatMap(exposed)),
  }),
  HEALTHCHECK: (defaults, rest) => ({ ...defaults, healthcheck: health(rest) }),
  LABEL: (defaults, rest) => ({
    ...defaults,
    labels: { ...defaults.labels, ...Object.fromEntries(pairs(rest, 'LABEL')) },
  }),
  ONBUILD: (defaults, rest) => ({ ...defaults, onBuild: [...defaults.onBuild, trigger(rest)] }),
  STOPSIGNAL: (defaults, rest) => ({ ...defaults, stopSignal: single(rest, 'STOPSIGNAL') }),
  USER: (defaults, rest) => ({ ...defaults, user: single(rest, 'USER') }),
  VOLUME: (defaults, rest) => ({
    ...defaults,
    volumes: union(defaults.volumes, jsonList(rest) ?? words(rest)),
  }),
  WORKDIR: (defaults, rest) => ({
    ...defaults,
    workingDir: workdir(defaults.workingDir, single(rest, 'WORKDIR')),
  }),
};

/** Applies `--change` instructions, Dockerfile lines without variables. Throws `invalid` naming the instruction. */
export function applyChanges(defaults: ProcessDefaults, changes: readonly string[]): ProcessDefaults {
  const lines = changes.flatMap((change) => change.split('\n')).filter((line) => line.trim() !== '');
  if (lines.length > MAX_CHANGES) throw new EngineError('invalid', `changes: more than ${MAX_CHANGES} lines`);
  return lines.reduce((result, line) => {
    const [, name = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
    const change = Object.hasOwn(INSTRUCTIONS, name.toUpperCase())
      ? INSTRUCTIONS[name.toUpperCase()]
      : undefined;
    if (!change) throw new EngineError('invalid', `${name} is not a valid change command`);
    if (rest === '') throw new EngineError('invalid', `${name.toUpperCase()} requires at least one argument`);
    return change(result, rest);
  }, defaults);
}

/** The exec form, or a line for the shell. */
function command(rest: string, defaults: ProcessDefaults): readonly string[] {
  return jsonList(rest) ?? [...(defaults.shell ?? ['/bin/sh', '-c']), rest];
}

function jsonList(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(rest);
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
  } catch {
    return undefined;
  }
}

const WORD = /(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g;

/** Words as a Dockerfile line splits them: blanks outside quotes part them, `\` escapes, quotes go. */
function words(rest: string): string[] {
  return (rest.match(WORD) ?? []).map(unquote);
}

function unquote(word: string): string {
  return word.replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, escaped, double, plain) => {
    if (escaped !== undefined) return escaped;
    return double !== undefined ? double.replace(/\\(["\\$])/g, '$1') : plain;
  });
}

/** `a=1 b="2 3"`, or the old `a rest of the line`. */
function pairs(rest: string, name: string): [string, string][] {
  const [first = ''] = rest.match(WORD) ?? [];
  if (!first.includes('=')) {
    const [, key = '', value] = /^(\S+)\s+(.*)$/.exec(rest) ?? [];
    if (value === undefined) throw new EngineError('invalid', `${name} must have two arguments`);
    return [[key, unquote(value)]];
  }
  return words(rest).map((word) => {
    const at = word.indexOf('=');
    if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
    throw new EngineError('invalid', `${name}: ${JSON.stringify(word)}: must be of the form name=value`);
  });
}

function mergeEnv(env: readonly string[], added: readonly [string, string][]): string[] {
  const merged = new Map(env.map((line) => [line.split('=', 1)[0] ?? '', line]));
  for (const [name, value] of added) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}

const PORT = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;

function exposed(word: string): string[] {
  const [, low = '', high = low, protocol = 'tcp'] = PORT.exec(word) ?? [];
  const [from, to] = [Number(low), Number(high)];
  if (low === '' || from > to || to > 65_535) {
    throw new EngineError('invalid', `EXPOSE: invalid containerPort: ${word}`);
  }
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}/${protocol.toLowerCase()}`);
}

function union(known: readonly string[], added: readonly string[]): string[] {
  return [...new Set([...known, ...added])].sort();
}

function single(rest: string, name: string): string {
  const found = words(rest);
  if (found.length === 1 && found[0] !== undefined) return found[0];
  throw new EngineError('invalid', `${name} requires exactly one argument`);
}

/** Relative to the previous one; `..` cannot leave the root. */
function workdir(before: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : before}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function trigger(rest: string): string {
  const [name = ''] = rest.split(/\s/, 1);
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(name.toUpperCase())) {
    throw new EngineError('invalid', `ONBUILD: ${name.toUpperCase()} isn't allowed as a trigger`);
  }
  return rest;
}

const HEALTH_OPTION = /^--([a-z-]+)=(\S+)\s*/;

function health(rest: string): HealthDefaults {
  let result: HealthDefaults = {
    test: [],
    interval: 0,
    timeout: 0,
    startPeriod: 0,
    startInterval: 0,
    retries: 0,
  };
  let line = rest;
  for (let match = HEALTH_OPTION.exec(line); match; match = HEALTH_OPTION.exec(line)) {
    result = { ...result, ...healthOption(match[1] ?? '', match[2] ?? '') };
    line = line.slice(match[0].length);
  }
  if (/^none$/i.test(line)) return { ...result, test: ['NONE'] };
  const [, test] = /^CMD\s+(.+)$/i.exec(line) ?? [];
  if (test === undefined) {
    throw new EngineError('invalid', `HEALTHCHECK: unknown type ${JSON.stringify(line)}: try CMD or NONE`);
  }
  const list = jsonList(test);
  return { ...result, test: list ? ['CMD', ...list] : ['CMD-SHELL', test] };
}

function healthOption(name: string, value: string): Partial<HealthDefaults> {
  switch (name) {
    case 'interval':
      return { interval: parseDuration(value) };
    case 'timeout':
      return { timeout: parseDuration(value) };
    case 'start-period':
      return { startPeriod: parseDuration(value) };
    case 'start-interval':
      return { startInterval: parseDuration(value) };
    case 'retries':
      if (/^\d{1,6}$/.test(value)) return { retries: Number(value) };
      throw new EngineError('invalid', `HEALTHCHECK: --retries=${value} is not a number`);
    default:
      throw new EngineError('invalid', `HEALTHCHECK: unknown flag --${name}`);
  }
}
