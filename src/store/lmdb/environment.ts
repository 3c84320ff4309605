import { mkdirSync } from 'node:fs';
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

/** The LMDB environment: text records in named sub-databases, written in atomic, flushed batches. */
export class Environment implements RawReader {
  readonly #root: RootDatabase<string, string>;
  readonly #open = new Map<string, Database<string, string>>();

  private constructor(root: RootDatabase<string, string>) {
    this.#root = root;
  }

  /** Opens or makes the environment in directory `path`. Throws `system`. */
  static open(path: string): Environment {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return new Environment(
        open<string, string>({
          path,
          noSubdir: false,
          encoding: 'string',
          cache: false,
          maxDbs: MAX_BUCKETS,
          // A commit's promise must mean "flushed": with the default, overlapping flushes, it means "visible".
          overlappingSync: false,
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
    if (failed) throw commitError(failed.reason);
  }

  async close(): Promise<void> {
    await this.#root.close();
  }

  #database(bucket: string): Database<string, string> {
    const known = this.#open.get(bucket);
    if (known) return known;
    const opened = this.#root.openDB<string, string>({ name: bucket, encoding: 'string', cache: false });
    this.#open.set(bucket, opened);
    return opened;
  }
}

function commitError(reason: unknown): EngineError {
  const message = messageOf(reason);
  const full = /No space|ENOSPC|MDB_MAP_FULL|quota/i.test(message);
  const text = `metadata: the commit failed: ${message}`;
  return new EngineError(full ? 'no-space' : 'system', text, { cause: reason });
}
