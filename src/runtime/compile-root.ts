import type { CreateOp, PropagationType } from '../kernel/shim-ops.ts';
import type { CompileContext } from './compile-context.ts';

/** Makes the container's root out of what the snapshotter describes. */
export function compileRoot({ rootfs, attachAt }: Pick<CompileContext, 'rootfs' | 'attachAt'>): CreateOp {
  if (rootfs.kind === 'bind') return { op: 'rootBind', source: rootfs.dir, at: rootfs.dir };
  const { base, lowerNames, upper = '', work = '' } = rootfs;
  return { op: 'rootOverlay', dir: base, lower: lowerNames, upper, work, options: [], at: attachAt };
}

/** `linux.rootfsPropagation`: with `slave`, the default, the host's mounts come in and none of the container's go out. */
export function compilePropagation(rootfsPropagation: string | undefined): CreateOp {
  const types: Readonly<Record<string, PropagationType>> = { shared: 'shared', private: 'private' };
  return { op: 'propagation', type: types[rootfsPropagation?.replace(/^r/, '') ?? ''] ?? 'slave' };
}

export function isReadOnly({ rootfs }: Pick<CompileContext, 'rootfs'>): boolean {
  return rootfs.kind === 'bind' && rootfs.readOnly;
}
