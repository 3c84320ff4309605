import { EngineError } from '../base/errors.ts';
import { ULIMIT_NAMES } from '../formats/rlimits.ts';
import type { Ulimit } from './settings.ts';
import type { Rlimit } from './spec.ts';

/** RLIM_INFINITY of sys/resource.h. */
export const UNLIMITED = (1n << 64n) - 1n;

/** Docker's ulimits as rlimits; of two with one name the later counts. Throws `invalid` in Docker's words. */
export function rlimitsOf(ulimits: readonly Ulimit[]): Rlimit[] {
  const byName = new Map(ulimits.map((ulimit) => [ulimit.name, ulimit]));
  return [...byName.values()].map(({ name, soft, hard }) => {
    if (!ULIMIT_NAMES.includes(name)) throw new EngineError('invalid', `invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft === -1 || soft > hard)) {
      throw new EngineError(
        'invalid',
        `ulimit ${name}: soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
      );
    }
    return { type: `RLIMIT_${name.toUpperCase()}`, soft: value(name, soft), hard: value(name, hard) };
  });
}

function value(name: string, limit: number): number | bigint {
  if (limit === -1) return UNLIMITED;
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw new EngineError('invalid', `ulimit ${name}: ${limit} is neither -1 nor a whole number`);
  }
  return limit;
}
