import { normalize } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import type { HostLookups } from './host-lookups.ts';
import type { MountSettings, Propagation } from './settings.ts';
import type { Mount } from './spec.ts';
import { tmpfsOptions } from './tmpfs-options.ts';

/** The user's mounts, those nearer to the root first. Throws `invalid` in Docker's words. */
export function userMounts(settings: readonly MountSettings[], host: Pick<HostLookups, 'mountOf'>): Mount[] {
  return settings
    .map((mount) => (mount.kind === 'bind' ? bindMount(mount, host) : tmpfsMount(mount)))
    .map((mount) => ({ mount, depth: mount.destination.split('/').length }))
    .sort((a, b) => a.depth - b.depth)
    .map(({ mount }) => mount);
}

type Bind = Extract<MountSettings, { kind: 'bind' }>;
type Tmpfs = Extract<MountSettings, { kind: 'tmpfs' }>;

function bindMount(mount: Bind, host: Pick<HostLookups, 'mountOf'>): Mount {
  const { source, target, propagation = 'rprivate' } = mount;
  checkPropagation(source, propagation, host);
  const readonly = mount.readonlyRecursion === 'top-only' ? 'ro' : 'rro';
  return {
    destination: destinationOf(target),
    type: 'bind',
    source,
    options: [mount.nonRecursive ? 'bind' : 'rbind', ...(mount.readonly ? [readonly] : []), propagation],
  };
}

/** Mounts can only flow to and from what the host has made shared. */
function checkPropagation(
  source: string,
  propagation: Propagation,
  host: Pick<HostLookups, 'mountOf'>,
): void {
  if (propagation === 'private' || propagation === 'rprivate') return;
  const { mountPoint, shared, slave } = host.mountOf(source);
  const wantsShared = propagation === 'shared' || propagation === 'rshared';
  if (shared || (slave && !wantsShared)) return;
  const needed = wantsShared ? 'a shared' : 'a shared or slave';
  throw new EngineError(
    'invalid',
    `path ${source} is mounted on ${mountPoint} but it is not ${needed} mount`,
  );
}

/** What the root's own propagation has to be for `mounts` to get theirs; `undefined` when it does not matter. */
export function rootPropagation(mounts: readonly MountSettings[]): 'shared' | 'rslave' | undefined {
  const wanted = mounts.map((mount) => (mount.kind === 'bind' ? mount.propagation : undefined));
  if (wanted.includes('shared') || wanted.includes('rshared')) return 'shared';
  return wanted.includes('slave') || wanted.includes('rslave') ? 'rslave' : undefined;
}

function tmpfsMount({ target, options, size = 0, mode = 0 }: Tmpfs): Mount {
  const sized = size > 0 ? [`size=${size}`] : [];
  const moded = mode > 0 ? [`mode=${mode.toString(8)}`] : [];
  return {
    destination: destinationOf(target),
    type: 'tmpfs',
    source: 'tmpfs',
    options: tmpfsOptions([...sized, ...moded, ...options]),
  };
}

function destinationOf(target: string): string {
  const destination = normalize(target).replace(/(.)\/$/, '$1');
  if (!destination.startsWith('/') || destination === '/') {
    throw new EngineError(
      'invalid',
      `invalid mount path: '${target}' mount path must be absolute and not '/'`,
    );
  }
  return destination;
}
