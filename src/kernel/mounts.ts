import { EngineError } from '../base/errors.ts';
import { AT_EMPTY_PATH, AT_RECURSIVE } from './constants.ts';
import { asFd, type Fd, own } from './fd.ts';
import { isErrno, syscall } from './syscall.ts';

/*
 * Mounts as descriptors (fsopen(2), fsmount(2), open_tree(2), move_mount(2)): a new mount is detached, part of no
 * namespace, reachable only through its descriptor, and gone when that is closed. A crash leaves nothing behind.
 */

const sysFsopen = syscall('fsopen', 'path', 'uint');
const sysFsconfig = syscall('fsconfig', 'int', 'uint', 'path', 'path', 'int');
const sysFsmount = syscall('fsmount', 'int', 'uint', 'uint');
const sysOpenTree = syscall('open_tree', 'int', 'path', 'uint');
const sysMoveMount = syscall('move_mount', 'int', 'path', 'int', 'path', 'uint');
const sysMountSetattr = syscall('mount_setattr', 'int', 'path', 'uint', 'bytes', 'long');
const sysUmount2 = syscall('umount2', 'path', 'int');
const sysRead = syscall('read', 'int', 'bytes', 'long');

/** include/uapi/linux/mount.h */
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;
const OPEN_TREE_CLONE = 1;
const OPEN_TREE_CLOEXEC = 0o2000000;
const MOVE_MOUNT_EMPTY_PATHS = 0x44;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
const PROPAGATION = { shared: 1 << 20, slave: 1 << 19, private: 1 << 18, unbindable: 1 << 17 } as const;
const ATTRIBUTES = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  nodiratime: 0x80,
  nosymfollow: 0x200000,
} as const;

export type MountAttribute = keyof typeof ATTRIBUTES;

/** One option of a filesystem: `['size', '64m']`, or `['ro']` for a flag. */
export type FsOption = readonly [key: string, value?: string];

/**
 * Makes a filesystem of `type` and mounts it detached; the caller closes the descriptor, which is `O_PATH` in kind and
 * serves as a root. Values are at most 255 bytes (fsconfig(2)). Throws `system` with the kernel's own words when it gives any.
 */
export function mountDetached(
  type: string,
  options: readonly FsOption[],
  attributes: readonly MountAttribute[],
): Fd {
  using context = own(asFd(sysFsopen(type, FSOPEN_CLOEXEC)));
  try {
    for (const [key, value] of options) {
      const command = value === undefined ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
      sysFsconfig(context.fd, command, key, value ?? null, 0);
    }
    sysFsconfig(context.fd, FSCONFIG_CMD_CREATE, null, null, 0);
    return asFd(sysFsmount(context.fd, FSMOUNT_CLOEXEC, bits(attributes)));
  } catch (error) {
    const detail = readMessages(context.fd);
    if (detail === '') throw error;
    throw new EngineError('system', `cannot mount ${type}: ${detail}`, { cause: error });
  }
}

/** A detached copy of the mount at directory `at` (`O_PATH` will do), starting there; with the mounts below it if `recursive`. */
export function cloneTree(at: Fd, recursive: boolean): Fd {
  const flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
  return asFd(sysOpenTree(at, '', flags));
}

/** Attaches a detached mount on top of the directory (or file) `onto`, in the namespace `onto` was opened in. */
export function attachMount(mount: Fd, onto: Fd): void {
  sysMoveMount(mount, '', onto, '', MOVE_MOUNT_EMPTY_PATHS);
}

export interface MountChange {
  readonly set?: readonly MountAttribute[];
  readonly clear?: readonly MountAttribute[];
  readonly propagation?: keyof typeof PROPAGATION;
  /** Also the mounts below. */
  readonly recursive?: boolean;
}

/** Changes attributes of the mount that `mount` is the root of (mount_setattr(2)). */
export function changeMount(mount: Fd, change: MountChange): void {
  const attr = new BigUint64Array([
    BigInt(bits(change.set ?? [])),
    BigInt(bits(change.clear ?? [])),
    BigInt(change.propagation === undefined ? 0 : PROPAGATION[change.propagation]),
    0n,
  ]);
  const flags = AT_EMPTY_PATH | (change.recursive ? AT_RECURSIVE : 0);
  sysMountSetattr(mount, '', flags, attr, attr.byteLength);
}

/**
 * Unmounts what is mounted at `path` in the daemon's namespace; false when nothing is. Lazily: it vanishes at once and is
 * freed with its last user. A final symbolic link is not followed.
 */
export function unmount(path: string): boolean {
  try {
    sysUmount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    return true;
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT')) return false;
    throw error;
  }
}

function bits(attributes: readonly MountAttribute[]): number {
  return attributes.reduce((sum, name) => sum | ATTRIBUTES[name], 0);
}

/** What the kernel has to say about a failed set-up: one message per read, each led by a letter (fsopen(2)). */
function readMessages(context: Fd): string {
  const messages: string[] = [];
  const buffer = Buffer.alloc(4096);
  for (;;) {
    const length = sysRead.attempt(context, buffer, buffer.length);
    if (length <= 0) return messages.join('; ');
    messages.push(buffer.toString('utf8', 2, length).trim());
  }
}
