import { readFileSync } from 'node:fs';
import { EngineError } from '../base/errors.ts';
import { parseMountInfo } from '../formats/mountinfo.ts';

/** A v1 tree: where it is mounted and what it controls (`cpu`, `cpuacct`, … or `name=systemd` for one that only groups). */
export interface Hierarchy {
  readonly mountPoint: string;
  readonly controllers: readonly string[];
}

/**
 * How the host has set up control groups (cgroups(7)). Version 1 with a v2 tree beside it, which then has few controllers
 * or none, is systemd's hybrid mode.
 */
export type CgroupLayout =
  | {
      readonly version: 1;
      readonly hierarchies: readonly Hierarchy[];
      /** Mount point of the v2 tree of a hybrid host. */
      readonly unified: string | undefined;
    }
  | {
      readonly version: 2;
      readonly mountPoint: string;
      /** Controllers available at the root. */
      readonly controllers: readonly string[];
    };

/** Looks how this host has its control groups. Throws `unavailable` when none are mounted. */
export function detectCgroups(): CgroupLayout {
  const mountInfo = readFileSync('/proc/self/mountinfo', 'utf8');
  const known = readFileSync('/proc/cgroups', 'utf8');
  return parseLayout(mountInfo, known, (mountPoint) =>
    readFileSync(`${mountPoint}/cgroup.controllers`, 'utf8').trim().split(' ').filter(Boolean),
  );
}

/**
 * The layout out of /proc/self/mountinfo and /proc/cgroups; `controllersOf` reads the controllers of a v2 mount. A mount
 * that shows only a part of its tree (the daemon itself in a container) counts as the whole.
 */
export function parseLayout(
  mountInfo: string,
  cgroups: string,
  controllersOf: (mountPoint: string) => readonly string[],
): CgroupLayout {
  const known = new Set(cgroups.split('\n').map((line) => line.split('\t')[0] ?? ''));
  const mounts = parseMountInfo(mountInfo).filter((mount) => !mount.root.startsWith('/..'));
  const hierarchies = new Map<string, Hierarchy>();
  for (const { fsType, mountPoint, superOptions } of mounts) {
    if (fsType !== 'cgroup') continue;
    const controllers = superOptions.filter((option) => known.has(option) || option.startsWith('name='));
    const key = controllers.join(',');
    // The same tree may be mounted again elsewhere (a bind mount, a container's view): the first is the host's.
    if (controllers.length > 0 && !hierarchies.has(key)) hierarchies.set(key, { mountPoint, controllers });
  }
  const unified = mounts.find((mount) => mount.fsType === 'cgroup2')?.mountPoint;
  if (hierarchies.size > 0) return { version: 1, hierarchies: [...hierarchies.values()], unified };
  if (unified !== undefined) return { version: 2, mountPoint: unified, controllers: controllersOf(unified) };
  throw new EngineError('unavailable', 'no control groups are mounted; mount cgroup2 on /sys/fs/cgroup');
}

/** The v1 hierarchy of a controller, or undefined when the host has none (or is v2). */
export function hierarchyOf(layout: CgroupLayout, controller: string): Hierarchy | undefined {
  if (layout.version === 2) return undefined;
  return layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
}
