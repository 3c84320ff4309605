/** Seconds since the epoch (negative before it) and 0…999,999,999 nanoseconds. */
export interface TarTime {
  readonly sec: number;
  readonly nsec: number;
}

/** What an entry makes. A contiguous file (typeflag 7) is a file, as POSIX says of types a program does not know. */
export type TarType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

/** One extended attribute. The value is bytes; tools that write text there are taken at their word. */
export interface TarXattr {
  /** `security.capability`. */
  readonly name: string;
  readonly value: Uint8Array;
}

/** A stretch of a sparse file that holds data; what lies between is zeros. */
export interface TarExtent {
  readonly offset: number;
  readonly length: number;
}

/**
 * One member of an archive, whichever dialect described it. Names are strings in the notation of `path-bytes.ts`, as the
 * archive spells them: `./a/../b` and absolute names arrive untouched, and whoever uses them decides.
 */
export interface TarEntry {
  readonly name: string;
  readonly type: TarType;
  /** Permission bits with set-uid, set-gid and sticky: `0o7777` at most. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the file, holes included; 0 for everything that is not a file. */
  readonly size: number;
  readonly mtime: TarTime;
  /** Only where the archive says so. */
  readonly atime?: TarTime;
  /** Target of a link: text of a symbolic link, name of another member for a hard link; '' otherwise. */
  readonly linkname: string;
  /** Of a device. */
  readonly major: number;
  readonly minor: number;
  readonly xattrs: readonly TarXattr[];
  /** Data extents in ascending order, when the file is stored sparsely. */
  readonly sparse?: readonly TarExtent[];
  /** Names beside the numbers, '' when absent. */
  readonly uname: string;
  readonly gname: string;
}

/** A nameless file of root's without bytes, to be filled in. */
export const BLANK_ENTRY: TarEntry = {
  name: '',
  type: 'file',
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: { sec: 0, nsec: 0 },
  linkname: '',
  major: 0,
  minor: 0,
  xattrs: [],
  uname: '',
  gname: '',
};

/** Size of a header and unit of padding. */
export const TAR_BLOCK = 512;

/** Bytes of padding after `size` bytes of data. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}
