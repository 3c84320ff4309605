import { decodePath } from '../formats/path-bytes.ts';
import { O_NOFOLLOW, O_PATH } from './constants.ts';
import { errnoNumber } from './errno.ts';
import { type Fd, openAt, own, procPath } from './fd.ts';
import { SyscallError, syscall } from './syscall.ts';

/*
 * Extended attributes of an entry `(at, name)`, named as in `attributes.ts`; symbolic links are not followed. They are
 * reached through /proc/self/fd because the f…xattr calls refuse `O_PATH` descriptors and the l…xattr calls take only paths.
 */

const sysSet = syscall('setxattr', 'path', 'path', 'bytes', 'long', 'int');
const sysGet = syscall('getxattr', 'path', 'path', 'bytes', 'long');
const sysList = syscall('listxattr', 'path', 'bytes', 'long');
const sysRemove = syscall('removexattr', 'path', 'path');
const ENODATA = errnoNumber('ENODATA');
const EOPNOTSUPP = errnoNumber('EOPNOTSUPP');

/** XATTR_SIZE_MAX and XATTR_LIST_MAX, include/uapi/linux/limits.h. */
const LIMIT = 65536;
const scratch = Buffer.alloc(LIMIT);

/** Sets or replaces one attribute, e.g. `security.capability`. */
export function setXattr(at: Fd, name: string, key: string, value: Uint8Array): void {
  const result = onPath(at, name, (path) => sysSet.attempt(path, key, value, value.length, 0));
  if (result < 0) throw new SyscallError('setxattr', -result, `${name} ${key}`);
}

/** The value of an attribute, or undefined when the entry has none of that name or its filesystem has none at all. */
export function getXattr(at: Fd, name: string, key: string): Buffer | undefined {
  const length = onPath(at, name, (path) => sysGet.attempt(path, key, scratch, LIMIT));
  if (length === -ENODATA || length === -EOPNOTSUPP) return undefined;
  if (length < 0) throw new SyscallError('getxattr', -length, `${name} ${key}`);
  return Buffer.from(scratch.subarray(0, length));
}

/** Names of all attributes the caller may see, in the filesystem's order. */
export function listXattrs(at: Fd, name: string): string[] {
  const length = onPath(at, name, (path) => sysList.attempt(path, scratch, LIMIT));
  if (length === -EOPNOTSUPP || length === 0) return [];
  if (length < 0) throw new SyscallError('listxattr', -length, name);
  return decodePath(scratch.subarray(0, length - 1)).split('\0');
}

/** Removes an attribute; false when there was none. */
export function removeXattr(at: Fd, name: string, key: string): boolean {
  const result = onPath(at, name, (path) => sysRemove.attempt(path, key));
  if (result === -ENODATA || result === -EOPNOTSUPP) return false;
  if (result < 0) throw new SyscallError('removexattr', -result, `${name} ${key}`);
  return true;
}

function onPath(at: Fd, name: string, use: (path: string) => number): number {
  if (name === '') return use(procPath(at));
  using entry = own(openAt(at, name, O_PATH | O_NOFOLLOW));
  return use(procPath(entry.fd));
}
