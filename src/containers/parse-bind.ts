import { EngineError } from '../base/errors.ts';
import type { BindOptions } from './host-config.ts';
import type { MountPoint } from './mount-point.ts';

const PROPAGATIONS = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];
/** Of each group one at most. `z` and `Z` ask for SELinux labels, which a host without SELinux has none of. */
const MODE_GROUPS: readonly (readonly string[])[] = [
  ['rw', 'ro'],
  ['z', 'Z'],
  PROPAGATIONS,
  ['consistent', 'cached', 'delegated', 'default'],
];

const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * One `-v SOURCE:DESTINATION[:OPTIONS]` of a host directory. Errors, in Docker's words: `invalid`; `not-implemented` for
 * a named volume.
 */
export function parseBind(spec: string): MountPoint {
  const parts = spec.split(':');
  const [source = '', destination = '', mode = ''] = parts;
  if (
    parts.length < 2 ||
    parts.length > 3 ||
    source === '' ||
    destination === '' ||
    (parts.length === 2 && isMode(destination))
  ) {
    throw invalidSpec(spec);
  }
  if (parts.length === 3 && !isMode(mode)) throw new EngineError('invalid', `invalid mode: ${mode}`);
  if (!destination.startsWith('/')) {
    const why = `invalid mount path: '${destination}' mount path must be absolute`;
    throw invalidSpec(
      spec,
      `invalid mount config for type "${source.startsWith('/') ? 'bind' : 'volume'}": ${why}`,
    );
  }
  const target = cleanPath(destination);
  if (target === '/') {
    throw invalidSpec(
      spec,
      "invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
    );
  }
  if (!source.startsWith('/')) throw namedVolume(source);
  const options = mode.split(',');
  return {
    type: 'bind',
    source: cleanPath(source),
    destination: target,
    mode,
    rw: !options.includes('ro'),
    bind: bindOptions(options),
  };
}

function bindOptions(options: readonly string[]): BindOptions {
  return {
    propagation: options.find((option) => PROPAGATIONS.includes(option)) ?? '',
    nonRecursive: false,
    createMountpoint: true,
    readOnlyNonRecursive: false,
    readOnlyForceRecursive: false,
  };
}

function isMode(text: string): boolean {
  const options = text.split(',');
  return (
    options.every((option) => MODE_GROUPS.some((group) => group.includes(option))) &&
    MODE_GROUPS.every((group) => options.filter((option) => group.includes(option)).length <= 1)
  );
}

function invalidSpec(spec: string, why?: string): EngineError {
  return new EngineError('invalid', `invalid volume specification: '${spec}'${why ? `: ${why}` : ''}`);
}

function namedVolume(name: string): EngineError {
  if (!VOLUME_NAME.test(name)) {
    return new EngineError(
      'invalid',
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  return new EngineError(
    'not-implemented',
    `HostConfig.Binds: named volume "${name}": this version has no volumes; use the absolute path of a host directory`,
  );
}

/** An absolute path without `.`, `..`, doubled or trailing slashes. */
export function cleanPath(path: string): string {
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') out.pop();
    else if (part !== '' && part !== '.') out.push(part);
  }
  return `/${out.join('/')}`;
}
