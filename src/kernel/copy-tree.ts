import { chmod, chown, type Stat, setTimes, statEntry } from './attributes.ts';
import { O_DIRECTORY, O_PATH, O_RDONLY } from './constants.ts';
import { copyContents } from './copy.ts';
import { readDirectory } from './directories.ts';
import { createFile, makeDirectory, makeHardLink, makeNode, makeSymlink, readLink } from './entries.ts';
import { type Fd, openAt, own } from './fd.ts';
import { locate } from './rooted.ts';
import { getXattr, listXattrs, setXattr } from './xattrs.ts';

export interface CopyOptions {
  /** Extended attributes that are not copied. */
  readonly skipXattr?: (name: string) => boolean;
}

/**
 * Copies trees into one root: contents (holes stay holes, by reference where the filesystem can), owners, modes, extended
 * attributes, times to the nanosecond, devices; hard links among all that is copied stay hard links. Links are copied,
 * never followed. Every method yields often and blocks between: see `base/slices.ts`.
 */
export class TreeCopier {
  readonly #root: Fd;
  readonly #skipXattr: (name: string) => boolean;
  /** Where in the root the first copy of a file with several links lies. */
  readonly #links = new Map<string, string>();

  /** `root`, which stays the caller's, is what the paths given below are relative to. */
  constructor(root: Fd, options: CopyOptions = {}) {
    this.#root = root;
    this.#skipXattr = options.skipXattr ?? (() => false);
  }

  /**
   * Copies what the directory `from` holds, and its own attributes, into the existing directory `to`, whose path in the
   * root is `path` (`''` for the root itself).
   */
  *contents(from: Fd, to: Fd, path: string): Generator<void> {
    for (const { name } of readDirectory(from)) {
      yield* this.entry(from, name, to, path === '' ? name : `${path}/${name}`);
    }
    this.attributes(from, '', statEntry(from, ''), to, '');
  }

  /** Copies entry `name` of `from`, with all below it, into directory `to` as the last component of `path`. It must not exist. */
  *entry(from: Fd, name: string, to: Fd, path: string): Generator<void> {
    const stat = statEntry(from, name);
    const newName = path.slice(path.lastIndexOf('/') + 1);
    if (stat.type === 'directory') {
      makeDirectory(to, newName, 0o700);
      using source = own(openAt(from, name, O_RDONLY | O_DIRECTORY));
      using target = own(openAt(to, newName, O_PATH | O_DIRECTORY));
      yield* this.contents(source.fd, target.fd, path);
      return;
    }
    if (this.#isLinked(stat, to, newName, path)) return;
    yield* this.#other(from, name, stat, to, newName);
    this.attributes(from, name, stat, to, newName);
    yield;
  }

  /** Gives an existing entry the owner, mode, extended attributes and times of another. */
  attributes(from: Fd, fromName: string, stat: Stat, to: Fd, toName: string): void {
    chown(to, toName, stat.uid, stat.gid);
    if (stat.type !== 'symlink') chmod(to, toName, stat.mode);
    for (const key of listXattrs(from, fromName)) {
      const value = this.#skipXattr(key) ? undefined : getXattr(from, fromName, key);
      if (value) setXattr(to, toName, key, value);
    }
    setTimes(to, toName, stat.atime, stat.mtime);
  }

  /** Links to the first copy of a file that has several names; remembers that copy otherwise. */
  #isLinked({ dev, ino, nlink }: Stat, to: Fd, name: string, path: string): boolean {
    if (nlink < 2) return false;
    const key = `${dev} ${ino}`;
    const first = this.#links.get(key);
    if (first === undefined) this.#links.set(key, path);
    else locate(this.#root, first, (directory, base) => makeHardLink(directory, base, to, name));
    return first !== undefined;
  }

  *#other(from: Fd, name: string, stat: Stat, to: Fd, newName: string): Generator<void> {
    switch (stat.type) {
      case 'file': {
        using source = own(openAt(from, name, O_RDONLY));
        using target = own(createFile(to, newName));
        yield* copyContents(source.fd, target.fd, stat.size);
        break;
      }
      case 'symlink':
        makeSymlink(readLink(from, name), to, newName);
        break;
      case 'char':
      case 'block':
        makeNode(to, newName, stat.type, 0o600, stat.rdev.major, stat.rdev.minor);
        break;
      case 'fifo':
      case 'socket':
        makeNode(to, newName, stat.type, 0o600);
        break;
      case 'directory':
        throw new Error('directories are copied by contents()');
    }
  }
}
