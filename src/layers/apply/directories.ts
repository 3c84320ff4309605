import { EngineError } from '../../base/errors.ts';
import { fileTypeName, statIfThere } from '../../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../../kernel/constants.ts';
import { makeDirectory, readLink, unlink } from '../../kernel/entries.ts';
import { closeFd, type Fd, openAt, openPath } from '../../kernel/fd.ts';
import { openIn } from '../../kernel/rooted.ts';
import { isErrno } from '../../kernel/syscall.ts';
import { isWhiteout } from './marks.ts';
import { joinPath, splitPath } from './names.ts';

/** An open directory of the layer. */
export interface Dir {
  readonly fd: Fd;
  /** Its path without symbolic links; '' for the root. */
  readonly path: string;
}

/** Every directory is made with it; what its entry says comes last. */
export const DIRECTORY_MODE = 0o755;
/** Descriptors kept between entries; archives go directory by directory, so few are needed at a time. */
const KEPT = 256;

/**
 * The directories of a layer being unpacked, opened once each. A directory is opened from its parent's descriptor by one
 * name without following links, so the common case resolves nothing; a symbolic link in an entry's path, which packages
 * on merged-/usr systems rely on, is resolved inside the layer by openat2.
 */
export class Directories {
  readonly root: Dir;
  /** Directories made because an entry lies in them, though none described them. */
  readonly implied = new Set<string>();
  readonly #open = new Map<string, Dir>();
  readonly #onImplied: (dir: Dir, hidden: boolean) => void;

  /** Takes over `root`. `onImplied` is told of each implied directory, and whether it took a whiteout's place. */
  constructor(root: Fd, onImplied: (dir: Dir, hidden: boolean) => void) {
    this.root = { fd: root, path: '' };
    this.#onImplied = onImplied;
  }

  /** Closes descriptors when there are many. A {@link Dir} is therefore only good until the next entry. */
  beginEntry(): void {
    if (this.#open.size > KEPT) this.#closeAll();
  }

  close(): void {
    this.#closeAll();
    closeFd(this.root.fd);
  }

  /** Opens a directory; with `make`, those that are missing are made. Undefined when it is missing. */
  open(path: string, make: true): Dir;
  open(path: string, make: boolean): Dir | undefined;
  open(path: string, make: boolean): Dir | undefined {
    if (path === '') return this.root;
    const known = this.#open.get(path);
    if (known) return known;
    const { parent: parentPath, base } = splitPath(path);
    const parent = this.open(parentPath, make);
    const dir = parent && this.#openBelow(parent, base, make);
    if (dir) this.#open.set(path, dir);
    return dir;
  }

  #openBelow(parent: Dir, base: string, make: boolean): Dir | undefined {
    const path = joinPath(parent.path, base);
    try {
      return { fd: openAt(parent.fd, base, O_PATH | O_DIRECTORY), path };
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
    const stat = statIfThere(parent.fd, base);
    if (stat?.type === 'symlink') return this.#openLink(parent, base);
    if (stat && !isWhiteout(stat)) {
      throw new EngineError('invalid', `${JSON.stringify(path)} above it is ${fileTypeName(stat.type)}`);
    }
    return make ? this.#imply(parent, base, stat !== undefined) : undefined;
  }

  #imply(parent: Dir, base: string, hidden: boolean): Dir {
    const path = joinPath(parent.path, base);
    if (hidden) unlink(parent.fd, base);
    makeDirectory(parent.fd, base, DIRECTORY_MODE);
    this.implied.add(path);
    const dir = { fd: openAt(parent.fd, base, O_PATH | O_DIRECTORY), path };
    this.#onImplied(dir, hidden);
    return dir;
  }

  #openLink(parent: Dir, base: string): Dir {
    const path = joinPath(parent.path, base);
    try {
      const fd = openIn(this.root.fd, path, O_PATH | O_DIRECTORY);
      return { fd, path: this.#realPath(fd) };
    } catch (error) {
      if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
      const target = JSON.stringify(readLink(parent.fd, base));
      const message = `${JSON.stringify(path)} above it is a symbolic link to ${target}, which is no directory of this layer`;
      throw new EngineError('invalid', message, { cause: error });
    }
  }

  /** Where in the layer an open directory really lies. */
  #realPath(fd: Fd): string {
    const root = pathOf(this.root.fd);
    const path = pathOf(fd);
    if (path === root) return '';
    if (!path.startsWith(`${root}/`)) throw new Error(`${path} is not below ${root}`);
    return path.slice(root.length + 1);
  }

  /** The directory at `path` was removed with everything below it. */
  forget(path: string): void {
    const below = `${path}/`;
    for (const [key, dir] of this.#open) {
      if (dir.path === path || dir.path.startsWith(below)) this.#drop(key, dir);
    }
    for (const implied of this.implied) {
      if (implied === path || implied.startsWith(below)) this.implied.delete(implied);
    }
  }

  /** A symbolic link was removed: what was reached through one may lie elsewhere now. */
  forgetLinks(): void {
    for (const [key, dir] of this.#open) if (key !== dir.path) this.#drop(key, dir);
  }

  #drop(key: string, dir: Dir): void {
    this.#open.delete(key);
    closeFd(dir.fd);
  }

  #closeAll(): void {
    for (const [key, dir] of this.#open) this.#drop(key, dir);
  }
}

function pathOf(fd: Fd): string {
  const directory = openPath('/proc/self/fd', O_PATH | O_DIRECTORY);
  try {
    return readLink(directory, String(fd));
  } finally {
    closeFd(directory);
  }
}
