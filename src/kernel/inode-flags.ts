import { errnoNumber } from './errno.ts';
import type { Fd } from './fd.ts';
import { SyscallError, syscall } from './syscall.ts';

const sysIoctl = syscall('ioctl', 'int', 'uint', 'bytes');
const UNSUPPORTED = ['ENOTTY', 'EOPNOTSUPP', 'EINVAL', 'EPERM'].map((name) => -errnoNumber(name));

/** include/uapi/linux/fs.h; 64-bit both on x86-64 and arm64. */
const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_TOPDIR_FL = 0x00020000;

const flags = new BigUint64Array(1);

/**
 * Tells ext4 that the subdirectories of `directory` (not `O_PATH`) have nothing to do with each other (`chattr +T`), so
 * that it puts new ones where there is most room. Otherwise it makes them all beside each other, where after a removal
 * of many files it searches for inodes that were not deleted within the last minutes, again for every file: unpacking
 * what was removed just before took twice the processor time. False on filesystems that know nothing of it.
 */
export function spreadSubdirectories(directory: Fd): boolean {
  if (!attempt(directory, FS_IOC_GETFLAGS)) return false;
  const now = flags[0] ?? 0n;
  flags[0] = now | BigInt(FS_TOPDIR_FL);
  return flags[0] === now || attempt(directory, FS_IOC_SETFLAGS);
}

function attempt(directory: Fd, request: number): boolean {
  const result = sysIoctl.attempt(directory, request, flags);
  if (UNSUPPORTED.includes(result)) return false;
  if (result < 0) throw new SyscallError('ioctl', -result);
  return true;
}
