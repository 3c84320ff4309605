import { type Arch, hostArch } from './syscall-numbers.ts';

/**
 * `open` flags of an architecture (include/uapi/asm-generic/fcntl.h; arm64 moves four of them, arch/arm64/include/uapi/
 * asm/fcntl.h).
 */
export function openFlags(arch: Arch) {
  const arm = arch === 'arm64';
  return {
    O_RDONLY: 0,
    O_WRONLY: 1,
    O_RDWR: 2,
    O_CREAT: 0o100,
    O_EXCL: 0o200,
    O_NOCTTY: 0o400,
    O_NONBLOCK: 0o4000,
    O_DIRECT: arm ? 0o200000 : 0o40000,
    O_DIRECTORY: arm ? 0o40000 : 0o200000,
    O_NOFOLLOW: arm ? 0o100000 : 0o400000,
    O_CLOEXEC: 0o2000000,
    O_PATH: 0o10000000,
    O_TMPFILE: 0o20000000 | (arm ? 0o40000 : 0o200000),
  } as const;
}

export const {
  O_RDONLY,
  O_WRONLY,
  O_RDWR,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NONBLOCK,
  O_DIRECT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_CLOEXEC,
  O_PATH,
  O_TMPFILE,
} = openFlags(hostArch());

/** include/uapi/linux/fcntl.h */
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;
export const AT_RECURSIVE = 0x8000;

/** include/uapi/linux/openat2.h */
export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_IN_ROOT = 0x10;

/** File types in `mode` (include/uapi/linux/stat.h). */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
