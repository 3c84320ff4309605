import { decodePath } from '../formats/path-bytes.ts';
import { AT_REMOVEDIR, O_CREAT, O_EXCL, O_WRONLY, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK } from './constants.ts';
import { errnoNumber } from './errno.ts';
import { checkName, type Fd, openAt } from './fd.ts';
import { SyscallError, syscall } from './syscall.ts';

/*
 * Making and removing entries: a directory descriptor (`O_PATH` will do) and one name in it. A name that is `..` or holds
 * a slash is refused, so that nothing is ever resolved. Modes are less the process's umask: {@link chmod} afterwards.
 */

const sysMkdirat = syscall('mkdirat', 'int', 'path', 'uint');
const sysMknodat = syscall('mknodat', 'int', 'path', 'uint', 'uint');
const sysSymlinkat = syscall('symlinkat', 'path', 'int', 'path');
const sysLinkat = syscall('linkat', 'int', 'path', 'int', 'path', 'int');
const sysUnlinkat = syscall('unlinkat', 'int', 'path', 'int');
const sysRenameat2 = syscall('renameat2', 'int', 'path', 'int', 'path', 'uint');
const sysReadlinkat = syscall('readlinkat', 'int', 'path', 'bytes', 'int');
const EEXIST = errnoNumber('EEXIST');
const ENOENT = errnoNumber('ENOENT');
const PATH_MAX = 4096;
const linkBuffer = Buffer.alloc(PATH_MAX);

/** Creates a regular file that must not exist yet (not even as a dangling link) and opens it for writing. */
export function createFile(directory: Fd, name: string, mode = 0o600): Fd {
  return openAt(directory, name, O_CREAT | O_EXCL | O_WRONLY, mode);
}

/** Makes a directory; false when an entry of that name (of whatever type) is already there. */
export function makeDirectory(directory: Fd, name: string, mode = 0o755): boolean {
  const result = sysMkdirat.attempt(directory, checkName(name), mode);
  if (result === -EEXIST) return false;
  if (result < 0) throw new SyscallError('mkdirat', -result, name);
  return true;
}

export type NodeType = 'char' | 'block' | 'fifo' | 'socket';
const NODE_BITS: Record<NodeType, number> = {
  char: S_IFCHR,
  block: S_IFBLK,
  fifo: S_IFIFO,
  socket: S_IFSOCK,
};

/** Makes a device node (`major`, `minor`), a FIFO or a socket (both 0). */
export function makeNode(
  directory: Fd,
  name: string,
  type: NodeType,
  mode: number,
  major = 0,
  minor = 0,
): void {
  sysMknodat(directory, checkName(name), NODE_BITS[type] | mode, deviceNumber(major, minor));
}

/** The kernel's 32-bit device number: 12 bits of major, 20 of minor (include/linux/kdev_t.h, new_encode_dev). */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

/** Makes a symbolic link that says `target`, whatever that is. */
export function makeSymlink(target: string, directory: Fd, name: string): void {
  sysSymlinkat(target, directory, checkName(name));
}

/** What a symbolic link says. EINVAL when the entry is none. */
export function readLink(directory: Fd, name: string): string {
  const length = sysReadlinkat(directory, checkName(name), linkBuffer, PATH_MAX);
  return decodePath(linkBuffer.subarray(0, length));
}

/** Gives an existing entry a second name. A symbolic link is linked itself, not what it points to. */
export function makeHardLink(fromDirectory: Fd, from: string, directory: Fd, name: string): void {
  sysLinkat(fromDirectory, checkName(from), directory, checkName(name), 0);
}

/** Removes an entry that is not a directory; false when there is none. */
export function unlink(directory: Fd, name: string): boolean {
  return remove(directory, name, 0);
}

/** Removes an empty directory; false when there is none. */
export function removeDirectory(directory: Fd, name: string): boolean {
  return remove(directory, name, AT_REMOVEDIR);
}

function remove(directory: Fd, name: string, flags: number): boolean {
  const result = sysUnlinkat.attempt(directory, checkName(name), flags);
  if (result === -ENOENT) return false;
  if (result < 0) throw new SyscallError('unlinkat', -result, name);
  return true;
}

/** `replace` overwrites an existing entry, `exclusive` fails with EEXIST, `exchange` swaps two (renameat2(2)). */
export type RenameMode = 'replace' | 'exclusive' | 'exchange';
const RENAME_FLAGS: Record<RenameMode, number> = { replace: 0, exclusive: 1, exchange: 2 };

/** Renames an entry, atomically, within one filesystem. */
export function rename(
  fromDirectory: Fd,
  from: string,
  toDirectory: Fd,
  to: string,
  mode: RenameMode = 'replace',
): void {
  sysRenameat2(fromDirectory, checkName(from), toDirectory, checkName(to), RENAME_FLAGS[mode]);
}
