import { type Bucket, checkKey, encodeRecord } from '../bucket.ts';
import { COUNTERS } from '../schema.ts';
import type { Tx } from '../store.ts';
import type { Overlay } from './overlay.ts';
import { typedReader } from './raw-reader.ts';

/** The {@link Tx} whose writes gather in `overlay`. */
export function transactionOn(overlay: Overlay, onCorrupt: (error: unknown) => void): Tx {
  const reader = typedReader(overlay, onCorrupt);
  const put = <K extends string, V>(bucket: Bucket<K, V>, key: K, value: V): void => {
    checkKey(bucket.name, key);
    overlay.set(bucket.name, key, encodeRecord(bucket, value));
  };
  return {
    ...reader,
    put,
    delete<K extends string, V>(bucket: Bucket<K, V>, key: K): boolean {
      const existed = reader.has(bucket, key);
      if (existed) overlay.set(bucket.name, key, undefined);
      return existed;
    },
    nextId(counter: string): number {
      const id = (reader.get(COUNTERS, counter) ?? 0) + 1;
      put(COUNTERS, counter, id);
      return id;
    },
  };
}
