import type { FileHandle } from 'node:fs/promises';
import type { Ctx } from '../base/ctx.ts';
import { type LogEntry, parseLogLine } from './log-entry.ts';
import { type LogFile, type LogPlace, logFiles, logPlace, openLogFile } from './log-files.ts';
import { findTail } from './log-tail.ts';
import { watchLog } from './log-watch.ts';

const BLOCK = 64 * 1024;

export interface LogQuery {
  /** Number of entries from the end; absent: all. Counted before `since` and `until` choose. */
  readonly tail?: number;
  /** Nanoseconds since the epoch, inclusive. */
  readonly since?: bigint;
  /** Nanoseconds since the epoch, inclusive; the log ends at the first later entry. */
  readonly until?: bigint;
  /** Where to stop: at byte `size` of the file with this inode. */
  readonly end?: { readonly inode: bigint; readonly size: bigint };
  /** Go on with what is written from now on, until this is aborted and all is read. Absent: what is there. */
  readonly follow?: AbortSignal;
}

/**
 * Reads a `json-file` log with the files it was rotated into, oldest first, in batches. A follower keeps its file open
 * over rotations and goes on with the file that came next, so that no line is lost as long as rotation keeps it. Lines
 * that are no JSON, as a power cut may leave them, are skipped with a warning. `ctx.signal` ends it early.
 */
export async function* readLog(ctx: Ctx, path: string, query: LogQuery): AsyncGenerator<LogEntry[]> {
  const log = logPlace(path);
  const watch = query.follow && watchLog(log.directory, log.name, query.follow, ctx.signal);
  const files = await openAll(log);
  try {
    while (watch && files.length === 0 && !query.follow?.aborted && !ctx.signal.aborted) {
      await watch.changed();
      files.push(...(await openAll(log)));
    }
    const start =
      query.tail === undefined ? { index: 0, offset: 0 } : await findTail(handlesOf(files), query.tail);
    let current = files[0];
    for (const [index, file] of files.entries()) {
      if (index < start.index) continue;
      current = file;
      file.position = index === start.index ? start.offset : 0;
      const last = query.end?.inode === file.file.inode;
      const limit = last ? Number(query.end?.size) : query.follow ? Number.POSITIVE_INFINITY : undefined;
      if ((yield* select(drain(ctx, file, limit), query)) || last) return;
    }
    while (watch && current && !ctx.signal.aborted) {
      const ended = query.follow?.aborted === true;
      if (yield* select(drain(ctx, current, Number.POSITIVE_INFINITY), query)) return;
      const successor = await openSuccessor(log, current);
      if (successor) {
        if (yield* select(drain(ctx, current, Number.POSITIVE_INFINITY), query)) return;
        files.push(successor);
        await close(current);
        current = successor;
      } else if (ended) {
        return;
      } else {
        await watch.changed();
      }
    }
  } finally {
    watch?.close();
    await Promise.all(files.map(close));
  }
}

/** An open file of the log, how far it was read, and the beginning of a line whose end is not there yet. */
interface Cursor {
  readonly file: LogFile;
  readonly handle: FileHandle;
  position: number;
  rest: Buffer;
  closed: boolean;
}

function handlesOf(cursors: readonly Cursor[]): FileHandle[] {
  return cursors.map(({ handle }) => handle);
}

async function close(cursor: Cursor): Promise<void> {
  if (cursor.closed) return;
  cursor.closed = true;
  await cursor.handle.close();
}

async function openCursor(file: LogFile): Promise<Cursor | undefined> {
  const handle = await openLogFile(file);
  return handle && { file, handle, position: 0, rest: Buffer.alloc(0), closed: false };
}

/** Opens every file of the log. A rotation in between shows as an inode that changed; then all is opened again. */
async function openAll(log: LogPlace): Promise<Cursor[]> {
  for (;;) {
    const listed = await logFiles(log);
    const opened = await Promise.all(listed.map(openCursor));
    const cursors = opened.filter((cursor) => cursor !== undefined);
    if (cursors.length === listed.length) return cursors;
    await Promise.all(cursors.map(close));
  }
}

/** The file that was begun when `current` was rotated away; `undefined` while it is the newest. */
async function openSuccessor(log: LogPlace, current: Cursor): Promise<Cursor | undefined> {
  for (;;) {
    const listed = await logFiles(log);
    const at = listed.findIndex((file) => file.inode === current.file.inode);
    const newest = listed.at(-1);
    // Between the renaming and the new file there is no current file; its making will wake us.
    if (newest === undefined || newest.path !== log.path || at === listed.length - 1) return undefined;
    const next = listed[at + 1];
    const cursor = next && (await openCursor(next));
    if (cursor) return cursor;
  }
}

/** From the cursor to byte `end`; without it to the end of the file as it is now, so that a busy writer cannot hold us. */
async function* drain(ctx: Ctx, cursor: Cursor, end: number | undefined): AsyncGenerator<LogEntry[]> {
  const limit = end ?? (await cursor.handle.stat()).size;
  const block = Buffer.allocUnsafe(BLOCK);
  while (cursor.position < limit && !ctx.signal.aborted) {
    const length = Math.min(BLOCK, limit - cursor.position);
    const { bytesRead } = await cursor.handle.read(block, 0, length, cursor.position);
    if (bytesRead === 0) return;
    cursor.position += bytesRead;
    const entries = takeEntries(ctx, cursor, block.subarray(0, bytesRead));
    if (entries.length > 0) yield entries;
  }
}

function takeEntries(ctx: Ctx, cursor: Cursor, bytes: Buffer): LogEntry[] {
  const all = cursor.rest.length === 0 ? bytes : Buffer.concat([cursor.rest, bytes]);
  const end = all.lastIndexOf(10) + 1;
  cursor.rest = Buffer.from(all.subarray(end));
  const entries: LogEntry[] = [];
  for (const line of end === 0 ? [] : all.toString('utf8', 0, end - 1).split('\n')) {
    const entry = parseLogLine(line);
    if (entry) entries.push(entry);
    else ctx.log.warn('unreadable line in container log', { file: cursor.file.path, bytes: line.length });
  }
  return entries;
}

/** Passes on the entries between `since` and `until`; returns true once an entry lies past `until`. */
async function* select(
  batches: AsyncGenerator<LogEntry[]>,
  { since, until }: LogQuery,
): AsyncGenerator<LogEntry[], boolean> {
  for await (const batch of batches) {
    const past = until === undefined ? -1 : batch.findIndex(({ time }) => time > until);
    const kept = past < 0 ? batch : batch.slice(0, past);
    const chosen = since === undefined ? kept : kept.filter(({ time }) => time >= since);
    if (chosen.length > 0) yield chosen;
    if (past >= 0) return true;
  }
  return false;
}
