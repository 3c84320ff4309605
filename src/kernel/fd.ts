import type { Brand } from '../base/brand.ts';
import { EngineError } from '../base/errors.ts';
import * as K from './constants.ts';
import { errnoNumber } from './errno.ts';
import { syscall } from './syscall.ts';

/** An open file descriptor. Whoever opened it closes it, exactly once; functions that take one only borrow it. */
export type Fd = Brand<number, 'Fd'>;

/** "Relative to the working directory"; with an absolute path simply a placeholder. */
export const AT_FDCWD = K.AT_FDCWD as Fd;

const sysOpenat = syscall('openat', 'int', 'path', 'int', 'uint');
const sysClose = syscall('close', 'int');

/** Takes a number that the kernel (or Node) returned for what it is. */
export function asFd(fd: number): Fd {
  return fd as Fd;
}

/** Closes a descriptor. The descriptor is gone whatever `close` answers, so only a wrong number (EBADF) throws. */
export function closeFd(fd: Fd): void {
  if (sysClose.attempt(fd) === -errnoNumber('EBADF')) throw new Error(`file descriptor ${fd} closed twice`);
}

/**
 * Opens a path that the daemon itself chose; symbolic links in it are followed (`O_CLOEXEC` is always set). Paths inside a
 * container's root, a layer, a volume or a build context go through `rooted.ts` instead.
 */
export function openPath(path: string, flags: number, mode = 0): Fd {
  return asFd(sysOpenat(AT_FDCWD, path, flags | K.O_CLOEXEC, mode));
}

/**
 * Opens one entry of a directory; a symbolic link is never followed (ELOOP, unless `O_PATH` opens the link itself).
 * `.` is the directory itself.
 */
export function openAt(directory: Fd, name: string, flags: number, mode = 0): Fd {
  return asFd(sysOpenat(directory, checkName(name), flags | K.O_CLOEXEC | K.O_NOFOLLOW | K.O_NOCTTY, mode));
}

/** Passes a single component through; throws `invalid` for one that would be resolved as a path. */
export function checkName(name: string): string {
  if (name === '..' || name === '' || name.includes('/')) {
    throw new EngineError('invalid', `${JSON.stringify(name)} is not the name of a directory entry`);
  }
  return name;
}

/** Path that leads to exactly what `fd` is open on, for the calls that only take paths; valid in this process only. */
export function procPath(fd: Fd): string {
  return `/proc/self/fd/${fd}`;
}

/** A descriptor with its owner: `using file = own(openPath(…))` closes it at the end of the block unless released. */
export class OwnedFd implements Disposable {
  #fd: Fd | undefined;

  constructor(fd: Fd) {
    this.#fd = fd;
  }

  get fd(): Fd {
    if (this.#fd === undefined) throw new Error('file descriptor used after it was closed or released');
    return this.#fd;
  }

  /** Hands the descriptor to the caller, who closes it from now on. */
  release(): Fd {
    const fd = this.fd;
    this.#fd = undefined;
    return fd;
  }

  /** Closes now; later calls do nothing. */
  close(): void {
    if (this.#fd !== undefined) closeFd(this.release());
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Makes the caller's block the owner of `fd`. */
export function own(fd: Fd): OwnedFd {
  return new OwnedFd(fd);
}
