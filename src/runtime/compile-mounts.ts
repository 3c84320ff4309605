import { isAbsolute, join, normalize } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import type { CreateOp } from '../kernel/shim-ops.ts';
import { compileCgroupMount } from './compile-cgroup-mount.ts';
import type { CompileContext } from './compile-context.ts';
import { type MountOptions, sortMountOptions } from './mount-options.ts';
import type { Mount } from './spec.ts';

/** What a mount needs to know of the container around it. */
export type MountContext = Pick<CompileContext, 'bundle' | 'cgroup'> & {
  readonly ownCgroupNamespace: boolean;
};

/** Operations of one entry of `mounts`; `path` names it in errors (`mounts[3]`). */
export function compileMount(mount: Mount, path: string, context: MountContext): CreateOp[] {
  if (mount.uidMappings?.length || mount.gidMappings?.length) {
    throw new EngineError('not-implemented', `${path}.uidMappings: id-mapped mounts are not supported`);
  }
  const target = targetOf(mount, path);
  const options = sortMountOptions(mount.options ?? [], path);
  if (mount.type === 'cgroup' || mount.type === 'cgroup2') {
    return compileCgroupMount(mount.type, target, options, context.cgroup, context.ownCgroupNamespace);
  }
  if (mount.type === 'bind' || options.bind) return compileBind(mount, target, options, path, context);
  if (!mount.type) throw new EngineError('invalid', `${path}.type: missing, and it is no bind mount`);
  return [
    {
      op: 'mount',
      fstype: mount.type,
      source: mount.source || mount.type,
      target,
      options: options.data,
      attrs: [...options.set, ...options.setRecursive],
      ...(options.propagation && { propagation: options.propagation.type }),
    },
  ];
}

function targetOf({ destination }: Mount, path: string): string {
  if (!isAbsolute(destination)) {
    throw new EngineError('invalid', `${path}.destination: ${JSON.stringify(destination)} is not absolute`);
  }
  const target = normalize(destination).replace(/(.)\/$/, '$1');
  if (target === '/')
    throw new EngineError('invalid', `${path}.destination: the root itself is mounted already`);
  return target;
}

function compileBind(
  mount: Mount,
  target: string,
  options: MountOptions,
  path: string,
  { bundle }: MountContext,
): CreateOp[] {
  if (!mount.source) throw new EngineError('invalid', `${path}.source: missing for a bind mount`);
  if (options.data.length > 0) {
    throw new EngineError(
      'invalid',
      `${path}.options: ${options.data.join(', ')}: a bind mount has no options of a file system`,
    );
  }
  const onlyRecursive = options.set.length + options.clear.length === 0;
  const recursiveAttrs = options.setRecursive.length + options.clearRecursive.length > 0;
  const bind: CreateOp = {
    op: 'bind',
    source: isAbsolute(mount.source) ? mount.source : join(bundle, mount.source),
    subpath: '',
    target,
    recursive: options.bind === 'rbind',
    set: onlyRecursive ? options.setRecursive : options.set,
    clear: onlyRecursive ? options.clearRecursive : options.clear,
    recursiveAttrs: onlyRecursive && recursiveAttrs,
    ...(options.propagation && { propagation: options.propagation.type }),
    recursivePropagation: options.propagation?.recursive ?? false,
  };
  if (onlyRecursive || !recursiveAttrs) return [bind];
  const { setRecursive: set, clearRecursive: clear } = options;
  return [bind, { op: 'mountAttributes', target, set, clear, recursive: true }];
}
