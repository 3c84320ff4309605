import { EngineError } from '../../base/errors.ts';
import { parseExactJson } from '../../formats/exact-json.ts';
import {
  type JsonObject,
  jsonArray,
  jsonObject,
  jsonSize,
  jsonString,
  optionalString,
  present,
  stringList,
} from '../../formats/json.ts';
import type { ArchMapEntry, Conditions, Profile, ProfileArg, ProfileRule } from './profile.ts';

const MAX_BYTES = 1 << 20;
const MAX_RULES = 4096;
const MAX_NAMES = 2048;
const MAX_LIST = 64;
const MAX_ERRNO = 4095;
const U64 = (1n << 64n) - 1n;

/** Reads the JSON of a profile (at most 1 MiB). Throws `invalid` naming the field. */
export function parseProfile(text: string): Profile {
  if (text.length > MAX_BYTES) {
    throw new EngineError('invalid', `seccomp profile: ${text.length} characters (at most ${MAX_BYTES})`);
  }
  const json = jsonObject(parseExactJson(text, 'seccomp profile'), 'seccomp profile');
  const list = (key: string): readonly string[] =>
    present(json[key]) ? stringList(json[key], key, MAX_LIST) : [];
  const rules = present(json['syscalls']) ? jsonArray(json['syscalls'], 'syscalls', MAX_RULES) : [];
  const maps = present(json['archMap']) ? jsonArray(json['archMap'], 'archMap', MAX_LIST) : [];
  return {
    defaultAction: optionalString(json['defaultAction'], 'defaultAction') ?? '',
    ...errno(json, 'defaultErrnoRet', ''),
    architectures: list('architectures'),
    archMap: maps.map((each, i) => parseArchMap(each, `archMap[${i}]`)),
    flags: list('flags'),
    syscalls: rules.map((each, i) => parseRule(each, `syscalls[${i}]`)),
  };
}

function errno<K extends string>(json: JsonObject, key: K, path: string): { readonly [key in K]?: number } {
  if (!present(json[key])) return {};
  const value = jsonSize(json[key], path + key);
  if (value > MAX_ERRNO) throw new EngineError('invalid', `${path}${key}: ${value} is no errno`);
  return { [key]: value } as { readonly [key in K]: number };
}

function parseArchMap(value: unknown, path: string): ArchMapEntry {
  const json = jsonObject(value, path);
  const subs = json['subArchitectures'];
  return {
    architecture: jsonString(json['architecture'], `${path}.architecture`),
    subArchitectures: present(subs) ? stringList(subs, `${path}.subArchitectures`, MAX_LIST) : [],
  };
}

function parseRule(value: unknown, path: string): ProfileRule {
  const json = jsonObject(value, path);
  const args = present(json['args']) ? jsonArray(json['args'], `${path}.args`, MAX_LIST) : [];
  return {
    names: namesOf(json, path),
    action: jsonString(json['action'], `${path}.action`),
    ...errno(json, 'errnoRet', `${path}.`),
    args: args.map((each, i) => parseArg(each, `${path}.args[${i}]`)),
    ...(present(json['includes']) && { includes: parseConditions(json['includes'], `${path}.includes`) }),
    ...(present(json['excludes']) && { excludes: parseConditions(json['excludes'], `${path}.excludes`) }),
  };
}

function namesOf(json: JsonObject, path: string): readonly string[] {
  const name = optionalString(json['name'], `${path}.name`);
  const names = present(json['names']) ? stringList(json['names'], `${path}.names`, MAX_NAMES) : [];
  if (name !== undefined && names.length > 0) {
    throw new EngineError(
      'invalid',
      "'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'",
    );
  }
  return name === undefined ? names : [name];
}

function parseArg(value: unknown, path: string): ProfileArg {
  const json = jsonObject(value, path);
  const index = jsonSize(json['index'], `${path}.index`);
  if (index > 5) throw new EngineError('invalid', `${path}.index: ${index}: a syscall has arguments 0 to 5`);
  return {
    index,
    value: present(json['value']) ? unsigned(json['value'], `${path}.value`) : 0,
    ...(present(json['valueTwo']) && { valueTwo: unsigned(json['valueTwo'], `${path}.valueTwo`) }),
    op: jsonString(json['op'], `${path}.op`),
  };
}

function unsigned(value: unknown, path: string): number | bigint {
  if (typeof value === 'bigint' && value >= 0n && value <= U64) return value;
  return jsonSize(value, path);
}

function parseConditions(value: unknown, path: string): Conditions {
  const json = jsonObject(value, path);
  const minKernel = optionalString(json['minKernel'], `${path}.minKernel`);
  return {
    ...(present(json['caps']) && { caps: stringList(json['caps'], `${path}.caps`, MAX_LIST) }),
    ...(present(json['arches']) && { arches: stringList(json['arches'], `${path}.arches`, MAX_LIST) }),
    ...(minKernel !== undefined && { minKernel }),
  };
}
