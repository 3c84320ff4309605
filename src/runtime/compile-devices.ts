import { normalize } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import type { CreateOp } from '../kernel/shim-ops.ts';
import type { Device, DeviceRule } from './spec.ts';

/** Devices of every container (config-linux.md#default-devices). The terminal's /dev/console is bound by the `tty` operation. */
const DEFAULT_DEVICES: readonly Device[] = [
  ['/dev/null', 1, 3],
  ['/dev/zero', 1, 5],
  ['/dev/full', 1, 7],
  ['/dev/random', 1, 8],
  ['/dev/urandom', 1, 9],
  ['/dev/tty', 5, 0],
].map(([path, major, minor]) => ({
  path: String(path),
  type: 'c',
  major: Number(major),
  minor: Number(minor),
  fileMode: 0o666,
  uid: 0,
  gid: 0,
}));

const LINKS: readonly (readonly [path: string, to: string])[] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/core', '/proc/kcore'],
  ['/dev/ptmx', 'pts/ptmx'],
];

const allow = (type: 'c' | 'b', major: number, minor: number, access = 'rwm'): DeviceRule => ({
  allow: true,
  type,
  major,
  minor,
  access,
});

/**
 * What a container may do with devices whatever its rules say: make any node, use the default ones, its terminals and
 * /dev/net/tun (as runc has it again since 1.2.4: VPN programs make the node themselves).
 */
export const ALWAYS_ALLOWED: readonly DeviceRule[] = [
  allow('c', -1, -1, 'm'),
  allow('b', -1, -1, 'm'),
  ...DEFAULT_DEVICES.map(({ major = 0, minor = 0 }) => allow('c', major, minor)),
  allow('c', 136, -1),
  allow('c', 5, 2),
  allow('c', 10, 200),
];

/**
 * Operations that fill /dev. In a user namespace nodes cannot be made, so the host's are bound. Throws `invalid` naming the
 * device.
 */
export function compileDevices(devices: readonly Device[], inUserNamespace: boolean): CreateOp[] {
  const byPath = new Map(DEFAULT_DEVICES.map((device) => [device.path, device]));
  for (const [i, device] of devices.entries()) {
    byPath.set(checkedPath(device, `linux.devices[${i}].path`), device);
  }
  // A container's terminals are its own: the host's multiplexer is not among its devices.
  for (const [path] of LINKS) byPath.delete(path);
  const nodes = [...byPath.values()].map((device) => (inUserNamespace ? bindNode(device) : makeNode(device)));
  return [...nodes, ...LINKS.map(([path, to]): CreateOp => ({ op: 'symlink', path, to }))];
}

function checkedPath({ path }: Device, field: string): string {
  if (!path.startsWith('/') || normalize(path) !== path || path.endsWith('/')) {
    throw new EngineError(
      'invalid',
      `${field}: ${JSON.stringify(path)} is not an absolute path in normal form`,
    );
  }
  return path;
}

function makeNode({
  path,
  type,
  major = 0,
  minor = 0,
  fileMode = 0o666,
  uid = 0,
  gid = 0,
}: Device): CreateOp {
  const kind = type === 'u' ? 'c' : type;
  return { op: 'mknod', path, type: kind, major, minor, mode: fileMode & 0o7777, uid, gid };
}

function bindNode({ path }: Device): CreateOp {
  return {
    op: 'bind',
    source: path,
    subpath: '',
    target: path,
    recursive: false,
    set: [],
    clear: [],
    recursiveAttrs: false,
    recursivePropagation: false,
  };
}
