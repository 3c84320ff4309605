import { EngineError } from '../base/errors.ts';
import { errnoNumber } from './errno.ts';
import type { Fd } from './fd.ts';
import { SyscallError, syscall } from './syscall.ts';

/* Contents of open files. */

const sysPread = syscall('pread64', 'int', 'bytes', 'long', 'long');
const sysWrite = syscall('write', 'int', 'bytes', 'long');
const sysPwrite = syscall('pwrite64', 'int', 'bytes', 'long', 'long');
const sysLseek = syscall('lseek', 'int', 'long', 'int');
const sysFallocate = syscall('fallocate', 'int', 'int', 'long', 'long');
const sysFtruncate = syscall('ftruncate', 'int', 'long');
const sysFsync = syscall('fsync', 'int');
const sysFdatasync = syscall('fdatasync', 'int');
const sysSyncfs = syscall('syncfs', 'int');
const sysFlock = syscall('flock', 'int', 'int');
const ENXIO = errnoNumber('ENXIO');
const EWOULDBLOCK = errnoNumber('EAGAIN');

/** Reads up to `into.length` bytes at `offset`; returns how many, 0 at the end of the file. */
export function readAt(fd: Fd, into: Uint8Array, offset: number): number {
  return sysPread(fd, into, into.length, offset);
}

/** Reads a whole file from its start. Throws `invalid`, naming `what`, when it holds more than `limit` bytes. */
export function readBounded(fd: Fd, limit: number, what: string): Buffer {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(limit + 1 - total, 65536));
    const length = readAt(fd, chunk, total);
    if (length === 0) return Buffer.concat(chunks, total);
    chunks.push(chunk.subarray(0, length));
    total += length;
    if (total > limit) throw new EngineError('invalid', `${what} is larger than ${limit} bytes`);
  }
}

/** Writes all of `data` at the file's own position. */
export function writeAll(fd: Fd, data: Uint8Array): void {
  let written = 0;
  while (written < data.length) {
    const rest = written === 0 ? data : data.subarray(written);
    written += sysWrite(fd, rest, rest.length);
  }
}

/** Writes all of `data` at `offset`. */
export function writeAllAt(fd: Fd, data: Uint8Array, offset: number): void {
  let written = 0;
  while (written < data.length) {
    const rest = data.subarray(written);
    written += sysPwrite(fd, rest, rest.length, offset + written);
  }
}

/** Cuts or extends (with a hole) to `length` bytes. */
export function truncate(fd: Fd, length: number): void {
  sysFtruncate(fd, length);
}

/** Allocates blocks for `length` bytes from `offset` without changing the file's size, so that later writes cannot fail. */
export function preallocate(fd: Fd, offset: number, length: number): void {
  sysFallocate(fd, FALLOC_FL_KEEP_SIZE, offset, length);
}

/** Frees the blocks of a range, which then reads as zeros; the size stays. */
export function punchHole(fd: Fd, offset: number, length: number): void {
  sysFallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** A stretch of a file that holds data; what lies between is holes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The data extents of a file in order. A filesystem without SEEK_HOLE reports one for the whole file. Moves the position. */
export function* dataExtents(fd: Fd): Generator<Extent> {
  let at = 0;
  for (;;) {
    const start = sysLseek.attempt(fd, at, SEEK_DATA);
    if (start === -ENXIO) return;
    if (start < 0) throw new SyscallError('lseek', -start);
    at = sysLseek(fd, start, SEEK_HOLE);
    yield { offset: start, length: at - start };
  }
}

/** Flushes data and metadata to the disk, in a helper thread. */
export async function fsync(fd: Fd): Promise<void> {
  await sysFsync.later(fd);
}

/** Flushes data (and the size), in a helper thread. */
export async function fdatasync(fd: Fd): Promise<void> {
  await sysFdatasync.later(fd);
}

/** Flushes the whole filesystem that `fd` lies on (not `O_PATH`), in a helper thread. Reports write-back errors since 5.8. */
export async function syncfs(fd: Fd): Promise<void> {
  await sysSyncfs.later(fd);
}

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes the exclusive lock of a file (flock(2)); it goes with the last copy of the descriptor. False when another has it. */
export function tryLock(fd: Fd): boolean {
  const result = sysFlock.attempt(fd, LOCK_EX | LOCK_NB);
  if (result === -EWOULDBLOCK) return false;
  if (result < 0) throw new SyscallError('flock', -result);
  return true;
}
