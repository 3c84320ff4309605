import { EngineError } from '../base/errors.ts';
import { fileTypeName, statEntry } from './attributes.ts';
import {
  O_CLOEXEC,
  O_DIRECTORY,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
} from './constants.ts';
import { makeDirectory } from './entries.ts';
import { errnoNumber } from './errno.ts';
import { asFd, closeFd, type Fd, openPath, own, procPath } from './fd.ts';
import { readBounded } from './files.ts';
import { isErrno, SyscallError, syscall } from './syscall.ts';

/*
 * Paths under somebody else's control: a container's root, a layer, a volume, a build context. A root is a directory
 * descriptor; `/`, `..` and symbolic links in a path never lead out of it, however often another process swaps them while
 * we look (CVE-2018-15664, CVE-2019-14271, CVE-2021-30465, CVE-2024-45310, CVE-2026-41568 were all a second look-up). What
 * is done to an entry is done by the functions of `entries.ts`, `attributes.ts` and `xattrs.ts` on a directory descriptor
 * and one name, so that nothing is left to resolve.
 */

const sysOpenat2 = syscall('openat2', 'int', 'path', 'bytes', 'long');
const HOW_SIZE = 24;
const how = new BigUint64Array(HOW_SIZE / 8);
const RESOLVE = BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
const EAGAIN = errnoNumber('EAGAIN');
/** openat2(2): EAGAIN says that a rename raced with `..`; somebody who renames for ever gets an error. */
const RACES_TOLERATED = 256;

/** Opens a directory the daemon itself chose, links followed, `/proc/PID/root` included, to serve as a root. */
export function openRoot(directory: string): Fd {
  return openPath(directory, O_PATH | O_DIRECTORY);
}

/**
 * Opens `path` inside `root` (`O_CLOEXEC` and `O_NOCTTY` are always set; with `O_CREAT`, `mode` counts). A final symbolic
 * link is followed within the root unless `O_NOFOLLOW` is given. Magic links of procfs are refused (ELOOP).
 */
export function openIn(root: Fd, path: string, flags: number, mode = 0): Fd {
  // openat2 is strict about flags that O_PATH makes meaningless.
  how[0] = BigInt(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY));
  how[1] = BigInt(mode);
  how[2] = RESOLVE;
  // openat2 takes '' for an error and every path of a root starts there, so '' is the root.
  const target = path === '' ? '.' : path;
  for (let race = 0; ; race++) {
    const fd = sysOpenat2.attempt(root, target, how, HOW_SIZE);
    if (fd >= 0) return asFd(fd);
    if (fd !== -EAGAIN || race === RACES_TOLERATED) throw new SyscallError('openat2', -fd, path);
  }
}

/**
 * Calls `use` with the directory that holds `path`'s last component (an `O_PATH` descriptor, closed afterwards) and that
 * component's name. Links on the way are followed within the root, a link in last place is not. Throws `invalid` for a path
 * that names no entry: `''`, `/`, or one that ends in `.` or `..`.
 */
export function locate<T>(root: Fd, path: string, use: (directory: Fd, name: string) => T): T {
  const { parent, name } = splitPath(path);
  if (parent === '') return use(root, name);
  using directory = own(openIn(root, parent, O_PATH | O_DIRECTORY));
  return use(directory.fd, name);
}

/**
 * Makes the directory `path` and those above it that are missing (with `mode` less the umask), and opens it (`O_PATH`).
 * Links to directories inside the root are followed; anything else in the way is ENOTDIR.
 */
export function makeDirectories(root: Fd, path: string, mode = 0o755): Fd {
  try {
    return openIn(root, path, O_PATH | O_DIRECTORY);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
  const { parent, name } = splitPath(path);
  using directory = own(makeDirectories(root, parent, mode));
  makeDirectory(directory.fd, name, mode);
  return openIn(directory.fd, name, O_PATH | O_DIRECTORY);
}

/**
 * Opens a regular file for reading. Anything else (a FIFO that would block, a device whose opening does something) is found
 * out before it is opened and refused with `invalid`.
 */
export function openRegular(root: Fd, path: string): Fd {
  using entry = own(openIn(root, path, O_PATH));
  const { type } = statEntry(entry.fd, '');
  if (type !== 'file') {
    throw new EngineError('invalid', `${path} is ${fileTypeName(type)}, not a regular file`);
  }
  return openPath(procPath(entry.fd), O_RDONLY | O_NONBLOCK);
}

/** Reads a regular file of at most `limit` bytes; a larger one is refused with `invalid`. */
export function readFileIn(root: Fd, path: string, limit: number): Buffer {
  const file = openRegular(root, path);
  try {
    return readBounded(file, limit, path);
  } finally {
    closeFd(file);
  }
}

function splitPath(path: string): { parent: string; name: string } {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  const name = trimmed.slice(slash + 1);
  if (name === '' || name === '.' || name === '..') {
    throw new EngineError('invalid', `path ${JSON.stringify(path)} names no entry of a directory`);
  }
  return { parent: trimmed.slice(0, slash + 1), name };
}
