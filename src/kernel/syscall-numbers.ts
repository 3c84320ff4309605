import { EngineError } from '../base/errors.ts';

/** The two instruction sets Gantry runs on, in Node's words. */
export type Arch = 'x64' | 'arm64';

/**
 * Syscall numbers, `[x86-64, arm64]`: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
 * From 424 on both are the same.
 */
const NUMBERS = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  lseek: [8, 62],
  ioctl: [16, 29],
  pread64: [17, 67],
  pwrite64: [18, 68],
  socket: [41, 198],
  bind: [49, 200],
  sendto: [44, 206],
  recvfrom: [45, 207],
  setsockopt: [54, 208],
  fcntl: [72, 25],
  flock: [73, 32],
  fsync: [74, 82],
  chdir: [80, 49],
  fdatasync: [75, 83],
  ftruncate: [77, 46],
  fchmod: [91, 52],
  fstatfs: [138, 44],
  mount: [165, 40],
  umount2: [166, 39],
  setxattr: [188, 5],
  getxattr: [191, 8],
  listxattr: [194, 11],
  removexattr: [197, 14],
  getdents64: [217, 61],
  openat: [257, 56],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  fchownat: [260, 54],
  unlinkat: [263, 35],
  linkat: [265, 37],
  symlinkat: [266, 36],
  readlinkat: [267, 78],
  fchmodat: [268, 53],
  unshare: [272, 97],
  utimensat: [280, 88],
  fallocate: [285, 47],
  syncfs: [306, 267],
  setns: [308, 268],
  renameat2: [316, 276],
  memfd_create: [319, 279],
  bpf: [321, 280],
  copy_file_range: [326, 285],
  statx: [332, 291],
  pidfd_send_signal: [424, 424],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  pidfd_open: [434, 434],
  openat2: [437, 437],
  mount_setattr: [442, 442],
} as const satisfies Record<string, readonly [x64: number, arm64: number]>;

export type SyscallName = keyof typeof NUMBERS;

/** All names, for the test that compares the numbers with the kernel's headers. */
export const SYSCALL_NAMES = Object.keys(NUMBERS) as readonly SyscallName[];

/** The number of a syscall on `arch`. */
export function syscallNumber(name: SyscallName, arch: Arch): number {
  return NUMBERS[name][arch === 'x64' ? 0 : 1];
}

/** The architecture we run on. Throws `not-implemented` on any other than x86-64 and arm64. */
export function hostArch(arch: string = process.arch): Arch {
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new EngineError('not-implemented', `${arch} is not supported: Gantry runs on x86-64 and arm64`);
}
