import type { Bucket } from '../../src/store/bucket.ts';

/** What the store's tests keep. */
export const NUMBERS: Bucket<string, number> = { name: 'numbers', parse: Number };
export const PAIRS: Bucket<string, string> = { name: 'pairs', parse: String };
