import type { Fd } from './fd.ts';
import { syscall } from './syscall.ts';

const sysFstatfs = syscall('fstatfs', 'int', 'bytes');
const buffer = Buffer.alloc(120);

/** What a descriptor's filesystem is and has left (statfs(2)). */
export interface Filesystem {
  /** Docker's name for the kind: `extfs`, `xfs`, `overlayfs`, … or `<unknown>`. */
  readonly name: string;
  /** Bytes. `available` is what the unprivileged may still use. */
  readonly total: number;
  readonly free: number;
  readonly available: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** Magic numbers of statfs(2) and include/uapi/linux/magic.h. */
const NAMES = new Map<number, string>([
  [0xef53, 'extfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0x1021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
  [0x6969, 'nfs'],
  [0x65735546, 'fuse'],
  [0xf2f52010, 'f2fs'],
  [0x858458f6, 'ramfs'],
  [0xca451a4e, 'bcachefs'],
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
  [0x27e0eb, 'cgroup'],
  [0x63677270, 'cgroup2'],
]);

/** Looks at the filesystem a descriptor (`O_PATH` will do) lies on. */
export function statFilesystem(fd: Fd): Filesystem {
  sysFstatfs(fd, buffer);
  const word = (index: number): number => Number(buffer.readBigUInt64LE(8 * index));
  const blockSize = word(9) || word(1);
  return {
    name: NAMES.get(word(0)) ?? '<unknown>',
    total: word(2) * blockSize,
    free: word(3) * blockSize,
    available: word(4) * blockSize,
    inodes: word(5),
    inodesFree: word(6),
  };
}
