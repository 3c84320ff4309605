import { type Ctx, checkCancelled } from '../base/ctx.ts';
import { decodePath } from '../formats/path-bytes.ts';
import { type FileType, statIfThere, typeOfMode } from './attributes.ts';
import {
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from './constants.ts';
import { removeDirectory, rename, unlink } from './entries.ts';
import { asFd, checkName, type Fd, openAt, own } from './fd.ts';
import { syscall } from './syscall.ts';

const sysGetdents64 = syscall('getdents64', 'int', 'bytes', 'long');
const sysOpenat2 = syscall('openat2', 'int', 'path', 'bytes', 'long');

export interface DirEntry {
  readonly name: string;
  readonly type: FileType;
}

const buffer = Buffer.alloc(65536);

/** The entries of the directory `name` in `directory` (`.` for itself) without `.` and `..`, in the filesystem's order. */
export function readDirectory(directory: Fd, name = '.'): DirEntry[] {
  using opened = own(openAt(directory, name, O_RDONLY | O_DIRECTORY));
  return entriesOf(opened.fd);
}

/** `struct linux_dirent64`: ino u64, off s64, reclen u16, type u8, name (getdents(2)). */
function entriesOf(opened: Fd): DirEntry[] {
  const entries: DirEntry[] = [];
  for (;;) {
    const length = sysGetdents64(opened, buffer, buffer.length);
    if (length === 0) return entries;
    for (let at = 0; at < length; at += buffer.readUInt16LE(at + 16)) {
      const end = buffer.indexOf(0, at + 19);
      const name = decodePath(buffer.subarray(at + 19, end));
      if (name === '.' || name === '..') continue;
      const type = buffer.readUInt8(at + 18);
      const entry = type === 0 ? lookUp(opened, name) : { name, type: typeOfMode(type << 12) };
      if (entry) entries.push(entry);
    }
  }
}

/** Some filesystems leave d_type unknown. */
function lookUp(directory: Fd, name: string): DirEntry | undefined {
  const stat = statIfThere(directory, name);
  return stat && { name, type: stat.type };
}

/**
 * Removes an entry with everything below it; nothing happens when there is none. Links are removed, not followed; a
 * directory that another filesystem is mounted on is an error (EXDEV) and stays with its contents. Blocks for as long as
 * it takes: for worker threads.
 */
export function removeTreeSync(directory: Fd, name: string): void {
  for (const _ of removal(directory, name));
}

/** {@link removeTreeSync} in slices of a few milliseconds, for the main thread. Ends early with `cancelled`. */
export async function removeTree(ctx: Ctx, directory: Fd, name: string): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  for (const _ of removal(directory, name)) {
    if (performance.now() < sliceEnd) continue;
    await new Promise((resolve) => setImmediate(resolve));
    checkCancelled(ctx);
    sliceEnd = performance.now() + SLICE_MS;
  }
}

const SLICE_MS = 4;
/** Deeper directories are moved up to the top of the tree being removed, so that depth costs no descriptors. */
const MAX_DEPTH = 64;

/** Yields after every entry removed. */
function* removal(directory: Fd, name: string): Generator<void> {
  if (statIfThere(directory, checkName(name))?.type !== 'directory') {
    unlink(directory, name);
    return;
  }
  {
    using top = own(openSubdirectory(directory, name));
    let moved = 0;
    const moveUp = (from: Fd, entry: string): void => {
      rename(from, entry, top.fd, `.gantry-removing-${process.pid}-${moved++}`);
    };
    for (let before = -1; moved !== before; ) {
      before = moved;
      yield* emptying(top.fd, 1, moveUp);
    }
  }
  removeDirectory(directory, name);
}

function* emptying(opened: Fd, depth: number, moveUp: (from: Fd, entry: string) => void): Generator<void> {
  for (const entry of readDirectory(opened)) {
    if (entry.type !== 'directory') unlink(opened, entry.name);
    else if (depth >= MAX_DEPTH) moveUp(opened, entry.name);
    else {
      {
        using below = own(openSubdirectory(opened, entry.name));
        yield* emptying(below.fd, depth + 1, moveUp);
      }
      removeDirectory(opened, entry.name);
    }
    yield;
  }
}

const how = new BigUint64Array([
  BigInt(O_RDONLY | O_DIRECTORY | O_CLOEXEC),
  0n,
  BigInt(RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS),
]);

function openSubdirectory(directory: Fd, name: string): Fd {
  return asFd(sysOpenat2(directory, name, how, how.byteLength));
}
