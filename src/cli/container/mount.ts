import { resolve } from 'node:path';
import { EngineError } from '../../base/errors.ts';
import { parseSize } from '../../formats/units.ts';
import type { Mount } from '../../wire/types-host-config.ts';
import { splitPair } from '../flags/lists.ts';
import { parseBool } from '../flags/scalars.ts';
import { csvFields } from './csv.ts';

type BindOptions = NonNullable<Mount['BindOptions']>;
type VolumeOptions = NonNullable<Mount['VolumeOptions']>;
type TmpfsOptions = NonNullable<Mount['TmpfsOptions']>;

/** What may stand without a value. */
const SWITCHES = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive']);

interface Draft {
  type: string;
  source: string;
  target: string;
  readOnly: boolean;
  consistency: string;
  bind: BindOptions | undefined;
  volume: VolumeOptions | undefined;
  tmpfs: TmpfsOptions | undefined;
  image: { Subpath?: string } | undefined;
}

/** Parses a `--mount`: `type=bind,source=/a,target=/b,readonly`. Throws `invalid`. */
export function parseMount(text: string): Mount {
  const draft: Draft = {
    type: 'volume',
    source: '',
    target: '',
    readOnly: false,
    consistency: '',
    bind: undefined,
    volume: undefined,
    tmpfs: undefined,
    image: undefined,
  };
  for (const field of csvFields(text)) setField(draft, field);
  return finish(draft);
}

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

function setField(draft: Draft, field: string): void {
  const [key, given] = splitPair(field);
  if (given === undefined && !SWITCHES.has(key)) fail(`invalid field '${field}' must be a key=value pair`);
  const value = given ?? 'true';
  switch (key) {
    case 'type':
      draft.type = value.toLowerCase();
      break;
    case 'source':
    case 'src':
      draft.source = value === '.' || value.startsWith('./') ? resolve(value) : value;
      break;
    case 'target':
    case 'dst':
    case 'destination':
      draft.target = value;
      break;
    case 'readonly':
    case 'ro':
      draft.readOnly = boolean(key, value);
      break;
    case 'consistency':
      draft.consistency = value.toLowerCase();
      break;
    default:
      setOption(draft, key, value, field);
  }
}

function setOption(draft: Draft, key: string, value: string, field: string): void {
  if (key.startsWith('bind-')) draft.bind = { ...draft.bind, ...bindOption(key, value, field) };
  else if (key.startsWith('volume-')) draft.volume = volumeOption(draft.volume, key, value, field);
  else if (key.startsWith('tmpfs-')) draft.tmpfs = { ...draft.tmpfs, ...tmpfsOption(key, value, field) };
  else if (key === 'image-subpath') draft.image = { Subpath: value };
  else fail(`unexpected key '${key}' in '${field}'`);
}

function boolean(key: string, value: string): boolean {
  try {
    return parseBool(value);
  } catch {
    return fail(`invalid value for ${key}: ${value}`);
  }
}

function bindOption(key: string, value: string, field: string): BindOptions {
  switch (key) {
    case 'bind-propagation':
      return { Propagation: value.toLowerCase() as NonNullable<BindOptions['Propagation']> };
    case 'bind-nonrecursive':
      return { NonRecursive: boolean(key, value) };
    case 'bind-recursive':
      return bindRecursive(value);
    default:
      return fail(`unexpected key '${key}' in '${field}'`);
  }
}

function bindRecursive(value: string): BindOptions {
  switch (value) {
    case 'enabled':
      return {};
    case 'disabled':
      return { NonRecursive: true };
    case 'writable':
      return { ReadOnlyNonRecursive: true };
    case 'readonly':
      return { ReadOnlyForceRecursive: true };
    default:
      return fail(
        `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
      );
  }
}

function volumeOption(
  options: VolumeOptions | undefined,
  key: string,
  value: string,
  field: string,
): VolumeOptions {
  const before = { Labels: {}, DriverConfig: {}, ...options };
  const [name, content = ''] = splitPair(value);
  switch (key) {
    case 'volume-nocopy':
      return { ...before, NoCopy: boolean(key, value) };
    case 'volume-label':
      return { ...before, Labels: { ...before.Labels, ...(name && { [name]: content }) } };
    case 'volume-driver':
      return { ...before, DriverConfig: { ...before.DriverConfig, Name: value } };
    case 'volume-opt': {
      const Options = { ...before.DriverConfig?.Options, ...(name && { [name]: content }) };
      return { ...before, DriverConfig: { ...before.DriverConfig, Options } };
    }
    case 'volume-subpath':
      return { ...before, Subpath: value };
    default:
      return fail(`unexpected key '${key}' in '${field}'`);
  }
}

function tmpfsOption(key: string, value: string, field: string): TmpfsOptions {
  switch (key) {
    case 'tmpfs-size':
      try {
        return { SizeBytes: parseSize(value) };
      } catch {
        return fail(`invalid value for ${key}: ${value}`);
      }
    case 'tmpfs-mode':
      return /^[0-7]{1,10}$/.test(value)
        ? { Mode: Number.parseInt(value, 8) }
        : fail(`invalid value for ${key}: ${value}`);
    default:
      return fail(`unexpected key '${key}' in '${field}'`);
  }
}

function finish(draft: Draft): Mount {
  if (draft.type === '') fail('type is required');
  if (draft.target === '') fail('target is required');
  for (const kind of ['volume', 'bind', 'tmpfs', 'image'] as const) {
    if (draft[kind] && draft.type !== kind) {
      fail(`cannot mix '${kind}-*' options with mount type '${draft.type}'`);
    }
  }
  const { bind } = draft;
  if (bind?.ReadOnlyNonRecursive && !draft.readOnly) {
    fail("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction");
  }
  if (bind?.ReadOnlyForceRecursive) {
    if (!draft.readOnly)
      fail("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
    if (bind.Propagation !== 'rprivate') {
      fail(
        "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction",
      );
    }
  }
  return {
    // The daemon judges types it does not know.
    Type: draft.type as Mount['Type'],
    ...(draft.source !== '' && { Source: draft.source }),
    Target: draft.target,
    ...(draft.readOnly && { ReadOnly: true }),
    ...(draft.consistency !== '' && { Consistency: draft.consistency }),
    ...(draft.bind && { BindOptions: draft.bind }),
    ...(draft.volume && { VolumeOptions: draft.volume }),
    ...(draft.tmpfs && { TmpfsOptions: draft.tmpfs }),
    ...(draft.image && { ImageOptions: draft.image }),
  };
}
