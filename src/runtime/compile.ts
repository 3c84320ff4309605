import { normalize } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import { cgroupDirectories } from '../kernel/cgroup.ts';
import type { CreateOp } from '../kernel/shim-ops.ts';
import { type CompileContext, hasNamespace, makesNamespace } from './compile-context.ts';
import { compileDevices } from './compile-devices.ts';
import { compileHooks } from './compile-hooks.ts';
import { compileMount } from './compile-mounts.ts';
import { compileNamespaces } from './compile-namespaces.ts';
import { compilePropagation, compileRoot, isReadOnly } from './compile-root.ts';
import type { Mount, Spec } from './spec.ts';
import { checkSysctls, sysctlPath } from './sysctls.ts';

/**
 * Compiles a spec to the create program: everything up to the barrier. What comes after is
 * {@link file://./compile-process.ts}'s. Throws `invalid` or `not-implemented` naming the field.
 */
export function compileCreate(spec: Spec, context: CompileContext): CreateOp[] {
  const linux = spec.linux ?? {};
  refuseUnsupported(spec);
  const namespaces = compileNamespaces(linux);
  const directories = cgroupDirectories(context.cgroup);
  const hooks = (...kinds: Parameters<typeof compileHooks>[1]) => compileHooks(spec, kinds, context);
  return [
    ...namespaces.user,
    { op: 'cgroup', unified: directories.unified, legacy: directories.legacy },
    ...namespaces.others,
    compilePropagation(linux.rootfsPropagation),
    compileRoot(context),
    ...compileMounts(spec, context),
    ...compileTerminal(spec),
    ...compileCwd(spec),
    ...compileNames(spec),
    ...(makesNamespace(spec, 'network') ? [{ op: 'loopback' } as const] : []),
    ...compileSysctls(spec),
    ...hooks('prestart', 'createRuntime', 'createContainer'),
    ...(linux.readonlyPaths ?? []).map((path): CreateOp => ({ op: 'readonlyPath', path })),
    ...(linux.maskedPaths ?? []).map((path): CreateOp => ({ op: 'mask', path })),
    ...sealRoot(spec.root.readonly || isReadOnly(context)),
    { op: 'pivotRoot' },
    ...hooks('poststart', 'poststop'),
  ];
}

function refuseUnsupported({ linux = {} }: Spec): void {
  if (linux.mountLabel) {
    throw new EngineError('not-implemented', 'linux.mountLabel: SELinux is not supported');
  }
  if (linux.rootfsPropagation && !/^r?(private|slave|shared)$/.test(linux.rootfsPropagation)) {
    throw new EngineError(
      'not-implemented',
      `linux.rootfsPropagation: ${linux.rootfsPropagation} is not supported; use private, slave or shared`,
    );
  }
}

/** The devices come right after the file system they lie on, so that later mounts may cover some. */
function compileMounts(spec: Spec, context: CompileContext): CreateOp[] {
  const mounts = spec.mounts ?? [];
  const own = { ...context, ownCgroupNamespace: hasNamespace(spec, 'cgroup') };
  const ops = mounts.map((mount, i) => compileMount(mount, `mounts[${i}]`, own));
  if (mounts.some((mount) => isDev(mount) && isBind(mount))) return ops.flat();
  const devices = compileDevices(spec.linux?.devices ?? [], hasNamespace(spec, 'user'));
  const dev = mounts.findLastIndex(isDev);
  const at = dev < 0 ? ops.length : dev + 1;
  return [...ops.slice(0, at).flat(), ...devices, ...ops.slice(at).flat()];
}

function isDev({ destination }: Mount): boolean {
  return normalize(destination).replace(/\/$/, '') === '/dev';
}

function isBind({ type, options = [] }: Mount): boolean {
  return type === 'bind' || options.includes('bind') || options.includes('rbind');
}

function compileTerminal({ process }: Spec): CreateOp[] {
  if (!process?.terminal) return [];
  const { height = 0, width = 0 } = process.consoleSize ?? {};
  return [{ op: 'tty', rows: height, columns: width, console: true }];
}

/** A working directory that is missing is made, by root. */
function compileCwd({ process }: Spec): CreateOp[] {
  const path = normalize(process?.cwd ?? '/');
  return path === '/' ? [] : [{ op: 'mkdir', path, mode: 0o755, uid: 0, gid: 0 }];
}

/** Another container's names are left alone. */
function compileNames(spec: Spec): CreateOp[] {
  const { hostname = '', domainname = '' } = spec;
  if (!makesNamespace(spec, 'uts')) {
    if (hostname === '' && domainname === '') return [];
    throw new EngineError('invalid', 'hostname, domainname: a new UTS namespace is needed to set them');
  }
  return [
    ...(hostname === '' ? [] : [{ op: 'hostname', name: hostname } as const]),
    ...(domainname === '' ? [] : [{ op: 'domainname', name: domainname } as const]),
  ];
}

function compileSysctls(spec: Spec): CreateOp[] {
  const sysctl = spec.linux?.sysctl ?? {};
  checkSysctls(Object.keys(sysctl), {
    network: hasNamespace(spec, 'network'),
    ipc: hasNamespace(spec, 'ipc'),
    uts: hasNamespace(spec, 'uts'),
  });
  return Object.entries(sysctl).map(([name, value]) => ({ op: 'sysctl', path: sysctlPath(name), value }));
}

function sealRoot(readonly: boolean): CreateOp[] {
  return readonly ? [{ op: 'mountAttributes', target: '/', set: ['ro'], clear: [], recursive: false }] : [];
}
