import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** One file of a log: the current one, or one that was rotated away. */
export interface LogFile {
  readonly path: string;
  readonly inode: bigint;
}

/** A log: where its files are, and how their names begin. */
export interface LogPlace {
  readonly path: string;
  readonly directory: string;
  readonly name: string;
}

export function logPlace(path: string): LogPlace {
  return { path, directory: dirname(path), name: basename(path) };
}

/**
 * The files of a log, oldest first: `path.N` … `path.1`, `path`. Looked at until two looks in a row agree: a rotation that
 * renames them in between would hide some.
 */
export async function logFiles(place: LogPlace): Promise<LogFile[]> {
  for (let before = await lookAround(place); ; ) {
    const now = await lookAround(place);
    if (now.map(identity).join() === before.map(identity).join()) return now;
    before = now;
  }
}

function identity(file: LogFile): string {
  return `${file.path}=${file.inode}`;
}

async function lookAround({ path, directory, name }: LogPlace): Promise<LogFile[]> {
  const entries = await readdir(directory).catch(ignoreMissing<string[]>([]));
  const rotated = entries
    .filter((entry) => entry.startsWith(`${name}.`) && /^\d+$/.test(entry.slice(name.length + 1)))
    .sort((a, b) => Number(b.slice(name.length + 1)) - Number(a.slice(name.length + 1)))
    .map((entry) => join(directory, entry));
  const found = await Promise.all([...rotated, path].map(inodeOf));
  return found.filter((file) => file !== undefined);
}

async function inodeOf(path: string): Promise<LogFile | undefined> {
  const stats = await stat(path, { bigint: true }).catch(ignoreMissing<BigIntStats | undefined>(undefined));
  return stats && { path, inode: stats.ino };
}

/** Opens a log file for reading; `undefined` when it has been rotated away meanwhile. */
export async function openLogFile(file: LogFile): Promise<FileHandle | undefined> {
  const handle = await open(file.path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(
    ignoreMissing<FileHandle | undefined>(undefined),
  );
  if (!handle) return undefined;
  const { ino } = await handle.stat({ bigint: true });
  if (ino === file.inode) return handle;
  await handle.close();
  return undefined;
}

function ignoreMissing<T>(value: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };
}
