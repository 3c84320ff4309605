import { EngineError } from '../base/errors.ts';
import type { CreateOp, IdMapping, NamespaceType as ShimNamespace } from '../kernel/shim-ops.ts';
import type { Linux, LinuxIdMapping, Namespace, NamespaceType } from './spec.ts';

const SHIM_NAMES: Readonly<Record<Exclude<NamespaceType, 'time'>, ShimNamespace>> = {
  mount: 'mount',
  uts: 'uts',
  ipc: 'ipc',
  network: 'net',
  pid: 'pid',
  cgroup: 'cgroup',
  user: 'user',
};

/** A user namespace first, for the rights in the others, then what is joined, then what is made. Throws `invalid`. */
export function compileNamespaces(linux: Linux): { user: CreateOp[]; others: CreateOp[] } {
  const namespaces = linux.namespaces ?? [];
  const mount = namespaces.find(({ type }) => type === 'mount');
  if (!mount || mount.path) {
    throw new EngineError('invalid', 'linux.namespaces: a container needs a new mount namespace');
  }
  const joined = namespaces.filter(({ path }) => path);
  const made = namespaces.filter(({ path }) => !path);
  const types = made.map(shimName).flatMap((type) => (type === 'user' ? [] : [type]));
  return {
    user: made.some(({ type }) => type === 'user') ? [userNamespace(linux)] : [],
    others: [
      ...joined.toSorted((a, b) => Number(b.type === 'user') - Number(a.type === 'user')).map(joinNamespace),
      { op: 'newNamespaces', types },
    ],
  };
}

function joinNamespace(namespace: Namespace): CreateOp {
  const type = shimName(namespace);
  if (type === 'mount') throw new Error('a joined mount namespace got past the check');
  return { op: 'joinNamespace', type, path: namespace.path ?? '' };
}

function shimName({ type }: Namespace): ShimNamespace {
  if (type === 'time') {
    throw new EngineError('not-implemented', 'linux.namespaces: time namespaces are not supported');
  }
  return SHIM_NAMES[type];
}

function userNamespace({ uidMappings = [], gidMappings = [] }: Linux): CreateOp {
  if (uidMappings.length === 0 || gidMappings.length === 0) {
    throw new EngineError('invalid', 'linux.uidMappings, linux.gidMappings: needed for a new user namespace');
  }
  return { op: 'userNamespace', uidMap: uidMappings.map(shimMapping), gidMap: gidMappings.map(shimMapping) };
}

function shimMapping({ containerID, hostID, size }: LinuxIdMapping): IdMapping {
  return { container: containerID, host: hostID, size };
}
