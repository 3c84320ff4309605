import { type Bucket, checkKey, decodeRecord } from '../bucket.ts';
import type { RangeOptions, Reader } from '../store.ts';

/** Records as stored: text by bucket name and key. */
export interface RawReader {
  get(bucket: string, key: string): string | undefined;
  /** In key order (code units). */
  entries(bucket: string, options: RangeOptions): Iterable<[key: string, text: string]>;
}

/** A typed reader over stored text. `onCorrupt` hears of the records that `range` leaves out. */
export function typedReader(raw: RawReader, onCorrupt: (error: unknown) => void): Reader {
  return {
    get<K extends string, V>(bucket: Bucket<K, V>, key: K): V | undefined {
      checkKey(bucket.name, key);
      const text = raw.get(bucket.name, key);
      return text === undefined ? undefined : decodeRecord(bucket, key, text);
    },
    has<K extends string, V>(bucket: Bucket<K, V>, key: K): boolean {
      checkKey(bucket.name, key);
      return raw.get(bucket.name, key) !== undefined;
    },
    *range<K extends string, V>(bucket: Bucket<K, V>, options: RangeOptions<K> = {}): Iterable<[K, V]> {
      for (const [key, text] of raw.entries(bucket.name, options)) {
        const record = tryDecode(bucket, storedKey<K>(key), text, onCorrupt);
        if (record) yield [storedKey<K>(key), record.value];
      }
    },
    *keys<K extends string, V>(bucket: Bucket<K, V>, options: RangeOptions<K> = {}): Iterable<K> {
      for (const [key] of raw.entries(bucket.name, options)) yield storedKey<K>(key);
    },
  };
}

/** Keys were typed when they were written. */
function storedKey<K extends string>(key: string): K {
  return key as K;
}

function tryDecode<K extends string, V>(
  bucket: Bucket<K, V>,
  key: K,
  text: string,
  onCorrupt: (error: unknown) => void,
): { value: V } | undefined {
  try {
    return { value: decodeRecord(bucket, key, text) };
  } catch (error) {
    onCorrupt(error);
    return undefined;
  }
}
