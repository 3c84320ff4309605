import { errnoNumber } from './errno.ts';
import type { Fd } from './fd.ts';
import { dataExtents, readAt, truncate, writeAllAt } from './files.ts';
import { SyscallError, syscall } from './syscall.ts';

const sysCopyFileRange = syscall('copy_file_range', 'int', 'bytes', 'int', 'bytes', 'long', 'uint');
const UNSUPPORTED = ['EXDEV', 'EINVAL', 'ENOSYS', 'EOPNOTSUPP'].map((name) => -errnoNumber(name));
const CHUNK = 1 << 20;

/**
 * Copies the contents of a regular file into an empty one, holes as holes, by reference where the filesystem can
 * (copy_file_range(2)). `size` is the source's size; what is written to it meanwhile may or may not be copied. Yields after
 * each megabyte at most, so that the caller can give way or stop.
 */
export function* copyContents(from: Fd, to: Fd, size: number): Generator<void> {
  for (const extent of dataExtents(from)) {
    let at = extent.offset;
    const end = Math.min(extent.offset + extent.length, size);
    while (at < end) {
      const copied = copyRange(from, to, at, Math.min(end - at, CHUNK));
      if (copied === 0) break;
      at += copied;
      yield;
    }
  }
  truncate(to, size);
}

const offsets = { from: new BigUint64Array(1), to: new BigUint64Array(1) };

function copyRange(from: Fd, to: Fd, offset: number, length: number): number {
  offsets.from[0] = BigInt(offset);
  offsets.to[0] = BigInt(offset);
  const copied = sysCopyFileRange.attempt(from, offsets.from, to, offsets.to, length, 0);
  if (copied >= 0) return copied;
  if (!UNSUPPORTED.includes(copied)) throw new SyscallError('copy_file_range', -copied);
  const buffer = Buffer.allocUnsafe(length);
  const read = readAt(from, buffer, offset);
  writeAllAt(to, buffer.subarray(0, read), offset);
  return read;
}
