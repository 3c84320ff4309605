import {
  AT_EMPTY_PATH,
  AT_NO_AUTOMOUNT,
  AT_SYMLINK_NOFOLLOW,
  O_NOFOLLOW,
  O_PATH,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFSOCK,
} from './constants.ts';
import { errnoNumber } from './errno.ts';
import { AT_FDCWD, type Fd, openAt, own, procPath } from './fd.ts';
import { SyscallError, syscall } from './syscall.ts';

/*
 * Attributes of one entry: `(at, name)` is an entry `name` of the directory `at`, or, with `name` `''`, the open
 * descriptor `at` itself, which may be an `O_PATH` one. A final symbolic link is never followed.
 */

/** Seconds since the epoch (negative before it) and 0…999,999,999 nanoseconds. */
export interface Timespec {
  readonly sec: number;
  readonly nsec: number;
}

export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';

export interface Stat {
  readonly type: FileType;
  /** Permission bits with set-uid, set-gid and sticky: `0o7777` at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  /** Bytes. */
  readonly size: number;
  /** Allocated, in units of 512 bytes. */
  readonly blocks: number;
  readonly ino: bigint;
  /** Of the filesystem the entry lies on, `MAJOR:MINOR`. */
  readonly dev: string;
  /** Of the device the entry is, when it is one. */
  readonly rdev: { readonly major: number; readonly minor: number };
  readonly atime: Timespec;
  readonly mtime: Timespec;
  readonly ctime: Timespec;
}

const sysStatx = syscall('statx', 'int', 'path', 'int', 'uint', 'bytes');
const sysFchownat = syscall('fchownat', 'int', 'path', 'uint', 'uint', 'int');
const sysFchmod = syscall('fchmod', 'int', 'uint');
const sysFchmodat = syscall('fchmodat', 'int', 'path', 'uint');
const sysUtimensat = syscall('utimensat', 'int', 'path', 'bytes', 'int');
const EBADF = errnoNumber('EBADF');
const ENOENT = errnoNumber('ENOENT');

const STATX_BASIC_STATS = 0x7ff;
const LOOK = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH;
const CHANGE = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
const buffer = new DataView(new ArrayBuffer(256));
const bytes = new Uint8Array(buffer.buffer);
const times = new DataView(new ArrayBuffer(32));
const timesBytes = new Uint8Array(times.buffer);
const LE = true;

/** Looks at an entry, like lstat(2). */
export function statEntry(at: Fd, name: string): Stat {
  sysStatx(at, name, LOOK, STATX_BASIC_STATS, bytes);
  return parseStatx();
}

/** {@link statEntry}, or undefined when there is no such entry. */
export function statIfThere(at: Fd, name: string): Stat | undefined {
  const result = sysStatx.attempt(at, name, LOOK, STATX_BASIC_STATS, bytes);
  if (result === -ENOENT) return undefined;
  if (result < 0) throw new SyscallError('statx', -result, name);
  return parseStatx();
}

/** Changes the owner; the kernel clears set-uid, set-gid and `security.capability`, so they are set afterwards. */
export function chown(at: Fd, name: string, uid: number, gid: number): void {
  sysFchownat(at, name, uid, gid, CHANGE);
}

/** Sets the permission bits (`0o7777`). A symbolic link has none: EOPNOTSUPP. */
export function chmod(at: Fd, name: string, mode: number): void {
  if (name === '') {
    const result = sysFchmod.attempt(at, mode);
    if (result === -EBADF) sysFchmodat(AT_FDCWD, procPath(at), mode);
    else if (result < 0) throw new SyscallError('fchmod', -result);
    return;
  }
  using entry = own(openAt(at, name, O_PATH | O_NOFOLLOW));
  sysFchmodat(AT_FDCWD, procPath(entry.fd), mode);
}

/** Sets access and modification time, to the nanosecond where the filesystem keeps them. */
export function setTimes(at: Fd, name: string, atime: Timespec, mtime: Timespec): void {
  putTimespec(0, atime);
  putTimespec(16, mtime);
  sysUtimensat(at, name, timesBytes, CHANGE);
}

/** `a directory`, `a FIFO`, …: for messages. */
export function fileTypeName(type: FileType): string {
  return TYPE_NAMES[type];
}

const TYPE_NAMES: Record<FileType, string> = {
  file: 'a regular file',
  directory: 'a directory',
  symlink: 'a symbolic link',
  fifo: 'a FIFO',
  socket: 'a socket',
  char: 'a character device',
  block: 'a block device',
};

/** The file type in the upper bits of `mode` (and, shifted by 12, of a directory entry's d_type). */
export function typeOfMode(mode: number): FileType {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'directory';
    case S_IFLNK:
      return 'symlink';
    case S_IFIFO:
      return 'fifo';
    case S_IFSOCK:
      return 'socket';
    case S_IFCHR:
      return 'char';
    case S_IFBLK:
      return 'block';
    default:
      return 'file';
  }
}

/** `struct statx`, include/uapi/linux/stat.h. */
function parseStatx(): Stat {
  const mode = buffer.getUint16(28, LE);
  return {
    type: typeOfMode(mode),
    mode: mode & 0o7777,
    nlink: buffer.getUint32(16, LE),
    uid: buffer.getUint32(20, LE),
    gid: buffer.getUint32(24, LE),
    ino: buffer.getBigUint64(32, LE),
    size: getU64(40),
    blocks: getU64(48),
    atime: getTimespec(64),
    ctime: getTimespec(96),
    mtime: getTimespec(112),
    rdev: { major: buffer.getUint32(128, LE), minor: buffer.getUint32(132, LE) },
    dev: `${buffer.getUint32(136, LE)}:${buffer.getUint32(140, LE)}`,
  };
}

function getU64(at: number): number {
  return buffer.getUint32(at + 4, LE) * 2 ** 32 + buffer.getUint32(at, LE);
}

function getTimespec(at: number): Timespec {
  return {
    sec: buffer.getInt32(at + 4, LE) * 2 ** 32 + buffer.getUint32(at, LE),
    nsec: buffer.getUint32(at + 8, LE),
  };
}

function putTimespec(at: number, time: Timespec): void {
  times.setBigInt64(at, BigInt(time.sec), LE);
  times.setBigInt64(at + 8, BigInt(time.nsec), LE);
}
