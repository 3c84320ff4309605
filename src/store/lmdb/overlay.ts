import type { RangeOptions } from '../store.ts';
import type { Write } from './environment.ts';
import type { RawReader } from './raw-reader.ts';

/** Writes that are not committed yet, laid over what they will change. */
export class Overlay implements RawReader {
  readonly #base: RawReader;
  readonly #writes = new Map<string, Map<string, string | undefined>>();

  constructor(base: RawReader) {
    this.#base = base;
  }

  get(bucket: string, key: string): string | undefined {
    const mine = this.#writes.get(bucket);
    return mine?.has(key) ? mine.get(key) : this.#base.get(bucket, key);
  }

  *entries(bucket: string, options: RangeOptions): Iterable<[string, string]> {
    const mine = this.#writes.get(bucket);
    if (!mine) {
      yield* this.#base.entries(bucket, options);
      return;
    }
    const merged = new Map<string, string | undefined>(this.#base.entries(bucket, options));
    for (const [key, text] of mine) if (inRange(key, options)) merged.set(key, text);
    for (const [key, text] of [...merged].sort(byKey)) if (text !== undefined) yield [key, text];
  }

  /** Sets, or deletes where `text` is undefined. */
  set(bucket: string, key: string, text: string | undefined): void {
    const mine = this.#writes.get(bucket) ?? new Map<string, string | undefined>();
    this.#writes.set(bucket, mine.set(key, text));
  }

  /** The last write to each key. */
  *writes(): Iterable<Write> {
    for (const [bucket, texts] of this.#writes) {
      for (const [key, text] of texts) yield { bucket, key, text };
    }
  }
}

function inRange(key: string, { prefix = '', start, end }: RangeOptions): boolean {
  return key.startsWith(prefix) && (start === undefined || key >= start) && (end === undefined || key < end);
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]));
}
