import type { Bucket } from './bucket.ts';

/** Which keys to read: those that start with `prefix`, from `start` (included) to `end` (excluded), in key order. */
export interface RangeOptions<K extends string = string> {
  readonly prefix?: string;
  readonly start?: K;
  readonly end?: K;
}

/** Reading, within a transaction or without. Functions that only look take a `Reader`. */
export interface Reader {
  /** The record, or undefined. Throws `data-loss` when it cannot be parsed. */
  get<K extends string, V>(bucket: Bucket<K, V>, key: K): V | undefined;
  has<K extends string, V>(bucket: Bucket<K, V>, key: K): boolean;
  /** Records in key order. A corrupt one is reported in the log and left out, so that one bad record does not hide the others. */
  range<K extends string, V>(bucket: Bucket<K, V>, options?: RangeOptions<K>): Iterable<[key: K, value: V]>;
  /** Keys in order, without parsing the records. */
  keys<K extends string, V>(bucket: Bucket<K, V>, options?: RangeOptions<K>): Iterable<K>;
}

/** A transaction's view: its own writes and those of every transaction before it. */
export interface Tx extends Reader {
  put<K extends string, V>(bucket: Bucket<K, V>, key: K, value: V): void;
  /** Deletes; true when there was such a record. */
  delete<K extends string, V>(bucket: Bucket<K, V>, key: K): boolean;
  /** 1, 2, 3 …: never the same number twice for one `counter`, whatever crashes. */
  nextId(counter: string): number;
}

/**
 * The daemon's metadata. Reads outside a transaction are synchronous and see what is committed *and flushed*; a write's
 * promise resolves after `fdatasync`. One process writes: nobody else may have the directory open.
 */
export interface Store extends Reader {
  /**
   * Runs `work` on the newest state and commits all it wrote, in any number of buckets, or nothing when it throws (the
   * promise then rejects with its error). `work` is synchronous and runs on a later turn; transactions run one after
   * another in the order of the calls, and those that wait for the disk together share one flush. A commit cannot be
   * cancelled. Throws `no-space` when the disk is full, `system` when the disk fails.
   */
  transaction<T>(work: (tx: Tx) => T): Promise<T>;
  /** One `put` as a transaction of its own. */
  put<K extends string, V>(bucket: Bucket<K, V>, key: K, value: V): Promise<void>;
  /** One `delete` as a transaction of its own; true when there was such a record. */
  delete<K extends string, V>(bucket: Bucket<K, V>, key: K): Promise<boolean>;
  /** Waits for running transactions and closes the environment. */
  close(): Promise<void>;
}
