import { basename, join } from 'node:path/posix';
import type { Cgroup } from '../kernel/cgroup.ts';
import type { Hierarchy } from '../kernel/cgroup-layout.ts';
import type { CreateOp, MountAttr } from '../kernel/shim-ops.ts';
import type { MountOptions } from './mount-options.ts';

/**
 * A mount of type `cgroup`: the host's layout as the container may see it. `cgroup2` on a v1 host mounts the v2 tree of a
 * hybrid one.
 */
export function compileCgroupMount(
  type: 'cgroup' | 'cgroup2',
  target: string,
  options: MountOptions,
  cgroup: Cgroup,
  ownNamespace: boolean,
): CreateOp[] {
  const attrs = [...options.set, ...options.setRecursive];
  if (cgroup.layout.version === 2 || type === 'cgroup2') {
    return [compileV2(target, attrs, cgroup, ownNamespace)];
  }
  const trees = cgroup.layout.hierarchies.flatMap((hierarchy) =>
    compileHierarchy(hierarchy, target, attrs, cgroup.path, ownNamespace),
  );
  const top: CreateOp = {
    op: 'mount',
    fstype: 'tmpfs',
    source: 'tmpfs',
    target,
    options: ['mode=755'],
    attrs: attrs.filter((attr) => attr !== 'ro'),
  };
  const seal: CreateOp = { op: 'mountAttributes', target, set: ['ro'], clear: [], recursive: false };
  return [top, ...trees, ...(attrs.includes('ro') ? [seal] : [])];
}

/**
 * In a cgroup namespace of its own a container mounts the tree and sees its part. Without one the host's mount is shown:
 * mounting it anew would take options like nsdelegate from the host's (cgroup-v2.rst, "Mounting").
 */
function compileV2(target: string, attrs: readonly MountAttr[], { layout }: Cgroup, own: boolean): CreateOp {
  if (own) return { op: 'mount', fstype: 'cgroup2', source: 'cgroup', target, options: [], attrs };
  const source = layout.version === 2 ? layout.mountPoint : (layout.unified ?? '/sys/fs/cgroup');
  return bindOf(source, target, attrs);
}

function compileHierarchy(
  { mountPoint, controllers }: Hierarchy,
  below: string,
  attrs: readonly MountAttr[],
  path: string,
  own: boolean,
): CreateOp[] {
  const name = basename(mountPoint);
  const target = join(below, name);
  const named = controllers.find((controller) => controller.startsWith('name='));
  const options = named === undefined ? controllers : ['none', named];
  const mount: CreateOp = own
    ? { op: 'mount', fstype: 'cgroup', source: 'cgroup', target, options, attrs }
    : bindOf(mountPoint + path, target, attrs);
  // A controller mounted together with others is looked for under its own name too (cgroups(7)).
  const links = controllers
    .filter((controller) => controller !== name && !controller.startsWith('name='))
    .map((controller): CreateOp => ({ op: 'symlink', path: join(below, controller), to: name }));
  return [mount, ...links];
}

function bindOf(source: string, target: string, set: readonly MountAttr[]): CreateOp {
  return {
    op: 'bind',
    source,
    subpath: '',
    target,
    recursive: false,
    set,
    clear: [],
    recursiveAttrs: false,
    recursivePropagation: false,
  };
}
