import type { FileHandle } from 'node:fs/promises';

const BLOCK = 64 * 1024;
const NEWLINE = 10;

/** Where reading starts: in the `index`-th file, at byte `offset`. */
export interface TailStart {
  readonly index: number;
  readonly offset: number;
}

/** Finds the start of the last `lines` whole lines of `files` (oldest first) from behind, reading no more than those. */
export async function findTail(files: readonly FileHandle[], lines: number): Promise<TailStart> {
  let wanted = lines;
  for (let index = files.length - 1; index >= 0; index--) {
    const file = files[index];
    if (!file) continue;
    const { size } = await file.stat();
    const found = await searchBack(file, size, wanted);
    if (found.offset !== undefined) return { index, offset: found.offset };
    wanted -= found.lines;
  }
  return { index: 0, offset: 0 };
}

/**
 * Looks for the newline that precedes the last `wanted` lines. Each line ends with one, so that is the newline number
 * `wanted + 1` from behind; a file with fewer is taken whole, and its number of lines is the result.
 */
async function searchBack(
  file: FileHandle,
  size: number,
  wanted: number,
): Promise<{ offset?: number; lines: number }> {
  const block = Buffer.allocUnsafe(BLOCK);
  let seen = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK);
    const { bytesRead } = await file.read(block, 0, end - start, start);
    for (let at = bytesRead - 1; at >= 0; at--) {
      if (block[at] !== NEWLINE) continue;
      if (seen === wanted) return { offset: start + at + 1, lines: seen };
      seen++;
    }
    end = start;
  }
  return wanted === seen ? { offset: 0, lines: seen } : { lines: seen };
}
