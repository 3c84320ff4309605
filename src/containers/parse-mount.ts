import { EngineError } from '../base/errors.ts';
import type { BindOptions, MountRequest, TmpfsOptions } from './host-config.ts';
import type { MountPoint } from './mount-point.ts';
import { cleanPath } from './parse-bind.ts';

const PROPAGATIONS = ['', 'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'];
const CONSISTENCY = ['', 'default', 'consistent', 'cached', 'delegated'];
const NO_BIND_OPTIONS: BindOptions = {
  propagation: '',
  nonRecursive: false,
  createMountpoint: false,
  readOnlyNonRecursive: false,
  readOnlyForceRecursive: false,
};
const NO_TMPFS_OPTIONS: TmpfsOptions = { sizeBytes: 0, mode: 0, options: [] };

/** One `--mount`. Errors: `invalid` in Docker's words, `not-implemented` naming the type. */
export function parseMount(request: MountRequest): MountPoint {
  const { type, target } = request;
  if (type === 'volume' || type === 'image' || type === 'cluster') {
    throw new EngineError(
      'not-implemented',
      `HostConfig.Mounts: type "${type}" at ${target}: this version mounts types bind and tmpfs only`,
    );
  }
  if (type !== 'bind' && type !== 'tmpfs') {
    throw new EngineError('invalid', `invalid mount config for type "${type}": mount type unknown`);
  }
  if (target === '') throw invalid(type, 'field Target must not be empty');
  if (!target.startsWith('/'))
    throw invalid(type, `invalid mount path: '${target}' mount path must be absolute`);
  if (cleanPath(target) === '/') throw invalid(type, "invalid specification: destination can't be '/'");
  if (!CONSISTENCY.includes(request.consistency))
    throw invalid(type, `unknown consistency '${request.consistency}'`);
  refuseForeignOptions(request);
  return type === 'bind' ? bindMount(request) : tmpfsMount(request);
}

function invalid(type: string, why: string): EngineError {
  return new EngineError('invalid', `invalid mount config for type "${type}": ${why}`);
}

function refuseForeignOptions(request: MountRequest): void {
  const given = {
    BindOptions: request.type !== 'bind' && request.bindOptions,
    TmpfsOptions: request.type !== 'tmpfs' && request.tmpfsOptions,
    VolumeOptions: request.volumeOptions,
    ImageOptions: request.imageOptions,
  };
  for (const [field, options] of Object.entries(given)) {
    if (options) throw invalid(request.type, `field ${field} must not be specified`);
  }
}

function bindMount(request: MountRequest): MountPoint {
  const bind = request.bindOptions ?? NO_BIND_OPTIONS;
  if (request.source === '') throw invalid('bind', 'field Source must not be empty');
  if (!request.source.startsWith('/')) {
    throw invalid('bind', `invalid mount path: '${request.source}' mount path must be absolute`);
  }
  if (!PROPAGATIONS.includes(bind.propagation)) {
    throw invalid('bind', `invalid propagation mode: ${bind.propagation}`);
  }
  if (bind.readOnlyForceRecursive && !request.readOnly) {
    throw invalid('bind', 'BindOptions.ReadOnlyForceRecursive needs ReadOnly');
  }
  if (bind.readOnlyForceRecursive && bind.readOnlyNonRecursive) {
    throw invalid(
      'bind',
      'BindOptions.ReadOnlyForceRecursive and BindOptions.ReadOnlyNonRecursive exclude each other',
    );
  }
  return {
    type: 'bind',
    source: cleanPath(request.source),
    destination: cleanPath(request.target),
    mode: '',
    rw: !request.readOnly,
    bind,
  };
}

function tmpfsMount(request: MountRequest): MountPoint {
  const tmpfs = request.tmpfsOptions ?? NO_TMPFS_OPTIONS;
  if (request.source !== '') throw invalid('tmpfs', 'field Source must not be specified');
  if (tmpfs.sizeBytes < 0) throw invalid('tmpfs', 'TmpfsOptions.SizeBytes must not be negative');
  if (tmpfs.mode < 0 || tmpfs.mode > 0o7777)
    throw invalid('tmpfs', `TmpfsOptions.Mode ${tmpfs.mode} is no file mode`);
  for (const option of tmpfs.options) {
    if (option.length < 1 || option.length > 2)
      throw invalid('tmpfs', 'TmpfsOptions.Options: expected [flag] or [key, value]');
  }
  return {
    type: 'tmpfs',
    destination: cleanPath(request.target),
    mode: '',
    rw: !request.readOnly,
    options: tmpfs.options.map((option) => option.join('=')),
    tmpfs,
  };
}

/** One `--tmpfs DESTINATION[:OPTIONS]`. */
export function parseTmpfs(destination: string, options: string): MountPoint {
  if (!destination.startsWith('/'))
    throw invalid('tmpfs', `invalid mount path: '${destination}' mount path must be absolute`);
  if (cleanPath(destination) === '/')
    throw invalid('tmpfs', "invalid specification: destination can't be '/'");
  const list = options === '' ? [] : options.split(',');
  return {
    type: 'tmpfs',
    destination: cleanPath(destination),
    mode: options,
    rw: !list.includes('ro'),
    options: list,
    tmpfs: NO_TMPFS_OPTIONS,
  };
}
