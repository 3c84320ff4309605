import { read } from 'node:fs';
import { promisify } from 'node:util';
import { EngineError } from '../../base/errors.ts';
import { BLANK_ENTRY, type TarEntry, type TarXattr } from '../../formats/tar-entry.ts';
import type { TarInput } from '../../formats/tar-stream.ts';
import type { Stat } from '../../kernel/attributes.ts';
import { O_NONBLOCK, O_RDONLY } from '../../kernel/constants.ts';
import { readLink } from '../../kernel/entries.ts';
import { closeFd, type Fd, openAt } from '../../kernel/fd.ts';
import { getXattr, listXattrs } from '../../kernel/xattrs.ts';
import { isReservedXattr } from '../apply/marks.ts';

const readAsync = promisify(read);
const CHUNK = 1 << 18;

/** A file that only says something by its name: `.wh.x`. */
export function markerMember(name: string): TarInput {
  return { entry: { ...BLANK_ENTRY, name } };
}

/** Turns entries of trees into members of one archive; remembers files with several names. */
export class MemberMaker {
  readonly #linked = new Map<string, string>();

  /** The member for entry `name` of `at`, called `path` in the archive; undefined for a socket, which tar has no word for. */
  member(path: string, at: Fd, name: string, stat: Stat): TarInput | undefined {
    if (stat.type === 'socket') return undefined;
    const isDirectory = stat.type === 'directory';
    const { mode, uid, gid, mtime } = stat;
    const entry: TarEntry = {
      ...BLANK_ENTRY,
      name: isDirectory ? `${path === '' ? '.' : path}/` : path,
      mode,
      uid,
      gid,
      mtime,
    };
    const first = isDirectory ? undefined : this.#firstName(stat, path);
    if (first !== undefined) return { entry: { ...entry, type: 'hardlink', linkname: first } };
    const xattrs = xattrsOf(at, name);
    if (stat.type !== 'file') return { entry: { ...entry, ...specialFields(at, name, stat), xattrs } };
    const { size } = stat;
    return { entry: { ...entry, size, xattrs }, data: size === 0 ? [] : contents(at, name, size) };
  }

  /** The name under which a file with several links is in the archive already. */
  #firstName({ nlink, dev, ino }: Stat, path: string): string | undefined {
    if (nlink < 2) return undefined;
    const inode = `${dev} ${ino}`;
    const first = this.#linked.get(inode);
    if (first === undefined) this.#linked.set(inode, path);
    return first;
  }
}

function specialFields(at: Fd, name: string, { type, rdev }: Stat): Partial<TarEntry> {
  switch (type) {
    case 'directory':
    case 'fifo':
      return { type };
    case 'symlink':
      return { type, mode: 0o777, linkname: readLink(at, name) };
    case 'char':
    case 'block':
      return { type, major: rdev.major, minor: rdev.minor };
    case 'file':
    case 'socket':
      throw new Error(`${type} has no special fields`);
  }
}

function xattrsOf(at: Fd, name: string): TarXattr[] {
  const names = listXattrs(at, name).filter((key) => !isReservedXattr(key));
  return names.sort().flatMap((key) => {
    const value = getXattr(at, name, key);
    return value ? [{ name: key, value }] : [];
  });
}

/** Exactly `size` bytes: a file that grows meanwhile is cut, one that shrinks filled with zeros, as GNU tar does. */
async function* contents(at: Fd, name: string, size: number): AsyncGenerator<Uint8Array> {
  const file = openAt(at, name, O_RDONLY | O_NONBLOCK);
  try {
    for (let offset = 0; offset < size; ) {
      const chunk = Buffer.alloc(Math.min(CHUNK, size - offset));
      const { bytesRead } = await readAsync(file, chunk, 0, chunk.length, offset);
      const length = bytesRead === 0 ? chunk.length : bytesRead;
      yield chunk.subarray(0, length);
      offset += length;
    }
  } finally {
    closeFd(file);
  }
}

/** Refuses names that would read as whiteouts. */
export function checkTellable(path: string): void {
  if (!/(?:^|\/)\.wh\./.test(path)) return;
  const message = `${JSON.stringify(path)} cannot be put into a layer: names that begin with ".wh." mean deletions there`;
  throw new EngineError('invalid', message);
}
