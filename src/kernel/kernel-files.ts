import { O_RDONLY, O_WRONLY } from './constants.ts';
import { openPath, own } from './fd.ts';
import { readBounded, writeAll } from './files.ts';

/* Files the kernel makes up: procfs, sysfs, cgroupfs. Reading or writing one takes some microseconds. */

/** More than any of these files holds that we read; environ and maps are not among them. */
const LIMIT = 1 << 22;

/** The whole file as text. Throws `SyscallError`. */
export function readKernelFile(path: string): string {
  using file = own(openPath(path, O_RDONLY));
  return readBounded(file.fd, LIMIT, path).toString('utf8');
}

/** Writes `value` with one write(2), which is what such files expect. Throws `SyscallError`, ENOENT when there is no such file. */
export function writeKernelFile(path: string, value: string): void {
  using file = own(openPath(path, O_WRONLY));
  writeAll(file.fd, Buffer.from(value));
}
