import type { Seccomp } from '../spec.ts';
import { compileFilter } from './filter.ts';

/** A filter compiles in two milliseconds, and almost every container has the same one. */
const MAX_KEPT = 16;
const kept = new Map<string, Uint8Array>();

/** {@link compileFilter}, of the profiles used last from memory. */
export function cachedFilter(seccomp: Seccomp, host: 'amd64' | 'arm64'): Uint8Array {
  const key = `${host} ${JSON.stringify(seccomp)}`;
  const found = kept.get(key) ?? compileFilter(seccomp, host);
  kept.delete(key);
  kept.set(key, found);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return found;
}
