import { createWriteStream } from 'node:fs';
import { lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
};

/** A file to read from. Throws `invalid` worded like Go's `open PATH: no such file or directory`. */
export async function openInput(path: string): Promise<Readable> {
  try {
    const file = await open(path);
    return file.createReadStream();
  } catch (error) {
    throw openError(path, error);
  }
}

/** A small file's text. Throws `invalid` as {@link openInput} does. */
export async function readInput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw openError(path, error);
  }
}

function openError(path: string, error: unknown): EngineError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new EngineError('invalid', `open ${path}: ${REASONS[code] ?? code}`, { cause: error });
}

/** Refuses what cannot become a plain file, before any work is done. Throws `invalid`. */
export async function checkOutput(path: string): Promise<void> {
  const refuse = (why: string): never => {
    throw new EngineError('invalid', `invalid output path: ${why}`);
  };
  const parent = await lstat(dirname(path)).catch(() => undefined);
  if (!parent) refuse(`directory ${JSON.stringify(dirname(path))} does not exist`);
  const target = await lstat(path).catch(() => undefined);
  if (target?.isDirectory()) refuse(`${JSON.stringify(path)} must be a regular file`);
  if (target?.isBlockDevice() || target?.isCharacterDevice()) {
    if (path !== '/dev/null') refuse(`${JSON.stringify(path)} must be a regular file or /dev/null`);
  }
}

/** Writes all of `source` to `path`; an interrupted write leaves what was there before. */
export async function writeWhole(ctx: Ctx, path: string, source: Readable): Promise<void> {
  if (path === '/dev/null') {
    await pipeline(source, createWriteStream(path), { signal: ctx.signal });
    return;
  }
  const temporary = join(dirname(path), `.tmp-${basename(path)}${process.pid}`);
  try {
    await pipeline(source, createWriteStream(temporary, { flags: 'wx', mode: 0o600 }), {
      signal: ctx.signal,
    });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
