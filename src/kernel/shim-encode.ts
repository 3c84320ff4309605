import { EngineError } from '../base/errors.ts';
import { unreachable } from '../base/never.ts';
import { encodePath } from '../formats/path-bytes.ts';
import { RLIMITS } from '../formats/rlimits.ts';
import type { Bind, Hook, IdMapping, MountAttr, NamespaceType, Op, PropagationType } from './shim-ops.ts';
import * as P from './shim-protocol.ts';

/** A field's value: number (`u`), bigint (`q`), string (`s`), strings (`l`), numbers (`n`) or bytes (`b`). */
export type Field = number | bigint | string | readonly string[] | readonly number[] | Uint8Array;

/** Encodes fields as `signature` says. `what` names them in errors: `invalid` for a NUL byte or a number out of range. */
export function encodeFields(signature: string, fields: readonly Field[], what: string): Buffer {
  if (signature.length !== fields.length)
    throw new Error(`${what}: ${fields.length} fields for ${signature}`);
  return Buffer.concat(fields.map((field, i) => encodeField(signature.charAt(i), field, what)));
}

function encodeField(kind: string, field: Field, what: string): Buffer {
  if (kind === 'u' && typeof field === 'number') return u32(field, what);
  if (kind === 'q' && typeof field === 'bigint') return u64(field, what);
  if (kind === 's' && typeof field === 'string') {
    const bytes = terminated(field, what);
    return Buffer.concat([u32(bytes.length - 1, what), bytes]);
  }
  if (kind === 'b' && field instanceof Uint8Array) return Buffer.concat([u32(field.length, what), field]);
  if (Array.isArray(field)) return encodeList(kind, field, what);
  throw new Error(`${what}: a ${typeof field} for ${kind}`);
}

function encodeList(kind: string, values: readonly unknown[], what: string): Buffer {
  const items = values.map((value) => {
    if (kind === 'l' && typeof value === 'string') return terminated(value, what);
    if (kind === 'n' && typeof value === 'number') return u32(value, what);
    throw new Error(`${what}: a ${typeof value} in a list of ${kind}`);
  });
  const body = Buffer.concat(items);
  return Buffer.concat([u32(items.length, what), ...(kind === 'l' ? [u32(body.length, what)] : []), body]);
}

function u32(value: number, what: string): Buffer {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new EngineError('invalid', `${what}: ${value} is not a number from 0 to 4294967295`);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: bigint, what: string): Buffer {
  if (value < 0n || value > 0xffffffffffffffffn) {
    throw new EngineError('invalid', `${what}: ${value} is not a number from 0 to 2^64-1`);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function terminated(text: string, what: string): Buffer {
  if (text.includes('\0')) {
    throw new EngineError('invalid', `${what}: ${JSON.stringify(text)} holds a NUL byte`);
  }
  return Buffer.concat([encodePath(text), Buffer.of(0)]);
}

/** A program as the shim reads it. Throws `invalid` naming the operation when a value cannot be expressed. */
export function encodeProgram(ops: readonly Op[]): Buffer {
  const parts = ops.map((op, i) => {
    const [name, fields] = opFields(op);
    const [code, signature] = P.OPS[name];
    const body = encodeFields(signature, fields, `operation ${i} (${op.op})`);
    const header = Buffer.alloc(8);
    header.writeUInt16LE(code, 0);
    header.writeUInt32LE(body.length, 4);
    return Buffer.concat([header, body]);
  });
  return Buffer.concat([u32(ops.length, 'program'), ...parts]);
}

function opFields(op: Op): [P.OpName, Field[]] {
  switch (op.op) {
    case 'userNamespace':
      return ['USER_NAMESPACE', [idMap(op.uidMap), idMap(op.gidMap)]];
    case 'cgroup':
      return ['CGROUP', [op.unified, op.legacy]];
    case 'joinNamespace':
      return ['JOIN_NAMESPACE', [NAMESPACE[op.type], op.path]];
    case 'newNamespaces':
      return ['NEW_NAMESPACES', [op.types.reduce((flags, type) => flags | NAMESPACE[type], 0)]];
    case 'propagation':
      return ['PROPAGATION', [PROPAGATION[op.type]]];
    case 'rootOverlay':
      return ['ROOT_OVERLAY', [op.dir, op.lower, op.upper, op.work, op.options, op.at]];
    case 'rootBind':
      return ['ROOT_BIND', [op.source, op.at]];
    case 'mount': {
      const options = [op.fstype, op.source, op.target, op.options];
      return ['MOUNT', [...options, attrBits(op.attrs), propagation(op.propagation)]];
    }
    case 'bind':
      return ['BIND', bindFields(op)];
    case 'mountAttributes': {
      const attrs = [attrBits(op.set), clearBits(op.set, op.clear), propagation(op.propagation)];
      return ['MOUNT_ATTRIBUTES', [op.target, bit(op.recursive), ...attrs]];
    }
    default:
      return nodeFields(op);
  }
}

type MountOp =
  | 'userNamespace'
  | 'cgroup'
  | 'joinNamespace'
  | 'newNamespaces'
  | 'propagation'
  | 'rootOverlay'
  | 'rootBind'
  | 'mount'
  | 'bind'
  | 'mountAttributes';

function nodeFields(op: Exclude<Op, { op: MountOp }>): [P.OpName, Field[]] {
  switch (op.op) {
    case 'mask':
      return ['MASK', [op.path]];
    case 'readonlyPath':
      return ['READONLY_PATH', [op.path]];
    case 'mkdir':
      return ['MKDIR', [op.path, op.mode, op.uid, op.gid]];
    case 'mkfile':
      return ['MKFILE', [op.path, op.mode]];
    case 'mknod':
      return ['MKNOD', [op.path, op.mode | NODE[op.type], op.major, op.minor, op.uid, op.gid]];
    case 'symlink':
      return ['SYMLINK', [op.path, op.to]];
    case 'sysctl':
      return ['SYSCTL', [op.path, op.value]];
    case 'pivotRoot':
      return ['PIVOT_ROOT', []];
    case 'hostname':
      return ['HOSTNAME', [op.name]];
    case 'domainname':
      return ['DOMAINNAME', [op.name]];
    case 'loopback':
      return ['LOOPBACK', []];
    case 'tty':
      return ['TTY', [op.rows, op.columns, bit(op.console)]];
    case 'hook':
      return ['HOOK', hookFields(op)];
    default:
      return processFields(op);
  }
}

type NodeOp =
  | 'mask'
  | 'readonlyPath'
  | 'mkdir'
  | 'mkfile'
  | 'mknod'
  | 'symlink'
  | 'sysctl'
  | 'pivotRoot'
  | 'hostname'
  | 'domainname'
  | 'loopback'
  | 'tty'
  | 'hook';

function processFields(op: Exclude<Op, { op: MountOp | NodeOp }>): [P.OpName, Field[]] {
  switch (op.op) {
    case 'stdioOwner':
      return ['STDIO_OWNER', [op.uid]];
    case 'rlimit':
      return ['RLIMIT', [RLIMITS.indexOf(op.resource), op.soft, op.hard]];
    case 'oomScoreAdj':
      return ['OOM_SCORE_ADJ', [op.value >>> 0]];
    case 'keyring':
      return ['KEYRING', [op.name]];
    case 'apparmor':
      return ['APPARMOR', [op.profile]];
    case 'personality':
      return ['PERSONALITY', [op.persona]];
    case 'umask':
      return ['UMASK', [op.mask]];
    case 'cwd':
      return ['CWD', [op.path]];
    case 'identity':
      return ['IDENTITY', [op.uid, op.gid, op.groups]];
    case 'noNewPrivileges':
      return ['NO_NEW_PRIVILEGES', []];
    case 'seccomp':
      return ['SECCOMP', [op.flags.reduce((flags, flag) => flags | SECCOMP[flag], 0), op.filter]];
    case 'capabilities':
      return ['CAPABILITIES', [op.bounding, op.effective, op.permitted, op.inheritable, op.ambient]];
    case 'exec':
      return ['EXEC', [op.argv, op.env]];
    default:
      return unreachable(op);
  }
}

function bindFields(op: Bind): Field[] {
  const flags =
    (op.recursive ? P.BIND_RECURSIVE : 0) |
    (op.recursiveAttrs ? P.BIND_RECURSIVE_ATTRS : 0) |
    (op.recursivePropagation ? P.BIND_RECURSIVE_PROPAGATION : 0);
  const attrs = [attrBits(op.set), clearBits(op.set, op.clear), propagation(op.propagation)];
  return [op.source, op.subpath, op.target, flags, ...attrs];
}

function hookFields(op: Hook): Field[] {
  return [HOOKS[op.when], op.path, op.argv, op.env, op.timeoutMs, ...op.state];
}

function idMap(mappings: readonly IdMapping[]): number[] {
  return mappings.flatMap((mapping) => [mapping.container, mapping.host, mapping.size]);
}

function bit(value: boolean): number {
  return value ? 1 : 0;
}

function propagation(type: PropagationType | undefined): number {
  return type === undefined ? 0 : PROPAGATION[type];
}

function attrBits(attrs: readonly MountAttr[]): number {
  return attrs.reduce((bits, attr) => bits | ATTRS[attr], 0);
}

/** The access time's mode is not a bit but a number: setting one means clearing the field (mount_setattr(2)). */
function clearBits(set: readonly MountAttr[], clear: readonly MountAttr[]): number {
  const atime = [...set, ...clear].some((attr) => ATIME.includes(attr));
  return attrBits(clear.filter((attr) => !ATIME.includes(attr))) | (atime ? ATIME_MASK : 0);
}

/** include/uapi/linux/sched.h */
const NAMESPACE: Record<NamespaceType, number> = {
  mount: 0x00020000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
};

/** MS_ flags of include/uapi/linux/mount.h */
const PROPAGATION: Record<PropagationType, number> = {
  unbindable: 0x20000,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
};

/** MOUNT_ATTR_ of include/uapi/linux/mount.h */
const ATTRS: Record<MountAttr, number> = {
  ro: 0x01,
  nosuid: 0x02,
  nodev: 0x04,
  noexec: 0x08,
  relatime: 0x00,
  noatime: 0x10,
  strictatime: 0x20,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
};
const ATIME: readonly MountAttr[] = ['relatime', 'noatime', 'strictatime'];
const ATIME_MASK = 0x70;

const NODE = { c: 0o020000, b: 0o060000, p: 0o010000 } as const;

const HOOKS: Record<Hook['when'], number> = {
  createRuntime: P.HOOK_CREATE_RUNTIME,
  createContainer: P.HOOK_CREATE_CONTAINER,
  startContainer: P.HOOK_START_CONTAINER,
  poststart: P.HOOK_POSTSTART,
  poststop: P.HOOK_POSTSTOP,
};

/** SECCOMP_FILTER_FLAG_ of include/uapi/linux/seccomp.h */
const SECCOMP = { tsync: 1, log: 2, specAllow: 4 } as const;
