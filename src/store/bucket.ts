import { EngineError, messageOf } from '../base/errors.ts';

/**
 * A sub-database: its name, and how its records are read and written. A module constant of the folder that owns the
 * records, used with `store.get(BUCKET, key)` and `tx.put(BUCKET, key, value)`.
 */
export interface Bucket<K extends string, V> {
  readonly name: string;
  /** Record out of parsed JSON. Throws on anything that is not a record; the message need not name the key. */
  readonly parse: (json: unknown, key: K) => V;
  /** What `JSON.stringify` shall see; needed only where a record holds something JSON cannot say. */
  readonly encode?: (value: V) => unknown;
}

/** Longest key, in UTF-8 bytes: LMDB's limit is a little under half a page. */
const MAX_KEY_BYTES = 1024;

/** Record → stored text. */
export function encodeRecord<K extends string, V>(bucket: Bucket<K, V>, value: V): string {
  return JSON.stringify(bucket.encode ? bucket.encode(value) : value);
}

/** Stored text → record. Throws `data-loss` naming bucket and key. */
export function decodeRecord<K extends string, V>(bucket: Bucket<K, V>, key: K, text: string): V {
  try {
    return bucket.parse(JSON.parse(text), key);
  } catch (error) {
    const where = `metadata: record ${JSON.stringify(key)} in ${bucket.name} is corrupt`;
    throw new EngineError('data-loss', `${where}: ${messageOf(error)}`, { cause: error });
  }
}

/** Refuses keys that LMDB cannot hold. Throws `invalid`. */
export function checkKey(bucketName: string, key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > 0 && bytes <= MAX_KEY_BYTES) return;
  const shown = JSON.stringify(key.slice(0, 80));
  throw new EngineError(
    'invalid',
    `${bucketName} key ${shown}: ${bytes} bytes, must be 1 to ${MAX_KEY_BYTES}`,
  );
}
