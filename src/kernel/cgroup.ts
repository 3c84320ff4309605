import { existsSync } from 'node:fs';
import { EngineError } from '../base/errors.ts';
import { type CgroupLayout, hierarchyOf } from './cgroup-layout.ts';

/** A container's control group: one directory in the v2 tree, or one of the same path in each v1 tree. */
export interface Cgroup {
  readonly layout: CgroupLayout;
  /** From the mount points: `/docker/0123…`. */
  readonly path: string;
}

/** Names a cgroup, which need not exist. Throws `invalid` for a path that is relative, the root, or not in normal form. */
export function cgroupAt(layout: CgroupLayout, path: string): Cgroup {
  const names = path.split('/').slice(1);
  if (!path.startsWith('/') || names.some((name) => name === '' || name === '.' || name === '..')) {
    throw new EngineError(
      'invalid',
      `cgroup path ${JSON.stringify(path)}: not an absolute path in normal form`,
    );
  }
  return { layout, path };
}

/** The directories a process enters to be in the cgroup; what the shim's `cgroup` operation takes. */
export interface CgroupDirectories {
  /** Of the v2 tree; `''` when the host has none. */
  readonly unified: string;
  /** Of the v1 trees; empty on v2. */
  readonly legacy: readonly string[];
}

/** Where the cgroup lies. */
export function cgroupDirectories({ layout, path }: Cgroup): CgroupDirectories {
  if (layout.version === 2) return { unified: layout.mountPoint + path, legacy: [] };
  return {
    unified: layout.unified === undefined ? '' : layout.unified + path,
    legacy: layout.hierarchies.map(({ mountPoint }) => mountPoint + path),
  };
}

/** All of {@link cgroupDirectories} in one list. */
export function allDirectories(cgroup: Cgroup): string[] {
  const { unified, legacy } = cgroupDirectories(cgroup);
  return unified === '' ? [...legacy] : [unified, ...legacy];
}

/** The directory with a controller's files: of its v1 tree, or on v2 the one there is. Undefined when the host has no such. */
export function controllerDirectory({ layout, path }: Cgroup, controller: string): string | undefined {
  if (layout.version === 2) return layout.mountPoint + path;
  const hierarchy = hierarchyOf(layout, controller);
  return hierarchy && hierarchy.mountPoint + path;
}

/** True when the cgroup exists in at least one tree. */
export function cgroupExists(cgroup: Cgroup): boolean {
  return allDirectories(cgroup).some((directory) => existsSync(directory));
}
