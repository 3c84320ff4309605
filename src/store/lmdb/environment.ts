import { mkdirSync, statfsSync } from 'node:fs';
import { constants } from 'node:os';
import { type Database, open, type RootDatabase } from 'lmdb';
import { EngineError, messageOf } from '../../base/errors.ts';
import type { RangeOptions } from '../store.ts';
import type { RawReader } from './raw-reader.ts';

/** One record to write, or to delete where `text` is undefined. */
export interface Write {
  readonly bucket: string;
  readonly key: string;
  readonly text: string | undefined;
}

/** More sub-databases than the schema will ever have. */
const MAX_BUCKETS = 64;
/** Bytes: a commit of a few pages does not fit. */
const NEARLY_FULL = 1 << 20;

/** The LMDB environment: text records in named sub-databases, written in atomic, flushed batches. */
export class Environment implements RawReader {
  readonly #path: string;
  readonly #root: RootDatabase<string, string>;
  readonly #open = new Map<string, Database<string, string>>();
  #closed = false;

  private constructor(path: string, root: RootDatabase<string, string>) {
    this.#path = path;
    this.#root = root;
  }

  /** Opens or makes the environment in directory `path`. Throws `system`. */
  static open(path: string): Environment {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return new Environment(
        path,
        open<string, string>({
          path,
          noSubdir: false,
          encoding: 'string',
          cache: false,
          maxDbs: MAX_BUCKETS,
          // A commit's promise must mean "flushed": with the default, overlapping flushes, it means "visible".
          overlappingSync: false,
          // Every write comes in a batch of its own; the batch per turn has a promise that nobody can catch.
          eventTurnBatching: false,
        }),
      );
    } catch (error) {
      throw new EngineError('system', `cannot open the metadata in ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  get(bucket: string, key: string): string | undefined {
    return this.#database(bucket).get(key);
  }

  *entries(bucket: string, options: RangeOptions): Iterable<[string, string]> {
    const { prefix = '', end } = options;
    const start = options.start !== undefined && options.start > prefix ? options.start : prefix;
    for (const { key, value } of this.#database(bucket).getRange({
      start,
      ...(end !== undefined && { end }),
    })) {
      if (!key.startsWith(prefix)) return;
      yield [key, value];
    }
  }

  /** Writes all of `writes` or none; resolves when they are on disk. Throws `no-space` or `system`. */
  async commit(writes: readonly Write[]): Promise<void> {
    const databases = writes.map((write) => this.#database(write.bucket));
    const outcomes: Promise<boolean>[] = [];
    const batch = this.#root.batch(() => {
      for (const [i, { key, text }] of writes.entries()) {
        const database = databases[i];
        if (database) outcomes.push(text === undefined ? database.remove(key) : database.put(key, text));
      }
    });
    const failed = (await Promise.allSettled([batch, ...outcomes])).find(
      (outcome) => outcome.status === 'rejected',
    );
    if (failed) throw await this.#commitError(failed.reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#root.close();
  }

  /** lmdb-js rejects with a general error whose `commitError` is a promise, rejected in turn with the system's. */
  async #commitError(reason: unknown): Promise<EngineError> {
    const cause = await causeOf(reason);
    const kind = isFull(this.#path, cause) ? 'no-space' : 'system';
    const message = kind === 'no-space' ? 'no space left on device' : messageOf(cause);
    return new EngineError(kind, `metadata: nothing was written: ${message}`, { cause });
  }

  /** LMDB's memory is gone after closing: whoever still comes must not reach it. */
  #database(bucket: string): Database<string, string> {
    if (this.#closed) throw new EngineError('unavailable', 'the metadata is closed: the daemon is leaving');
    const known = this.#open.get(bucket);
    if (known) return known;
    const opened = this.#root.openDB<string, string>({ name: bucket, encoding: 'string', cache: false });
    this.#open.set(bucket, opened);
    return opened;
  }
}

async function causeOf(reason: unknown): Promise<unknown> {
  if (!(reason instanceof Error) || !('commitError' in reason)) return reason;
  try {
    await reason.commitError;
    return reason;
  } catch (error) {
    return error;
  }
}

/** LMDB calls a short write EIO; it comes from a full disk, or from a broken one. */
function isFull(path: string, error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : 0;
  if (code !== constants.errno.EIO) return code === constants.errno.ENOSPC || code === constants.errno.EDQUOT;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize < NEARLY_FULL;
}
