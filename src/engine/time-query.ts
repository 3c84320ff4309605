import { apiTimestamp } from '../formats/timestamp.ts';

/**
 * Nanoseconds since the epoch of a `since` or `until` in a query: unix seconds with fraction, RFC 3339 or a Go duration
 * before now. Absent, empty and 0 mean none. Throws `invalid`.
 */
export function parseTimeQuery(text: string | undefined): bigint | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  const [, sign = '', seconds = '0', fraction = ''] =
    /^(-?)(\d+)(?:\.(\d+))?$/.exec(apiTimestamp(text, Date.now())) ?? [];
  const nano = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return sign === '-' ? -nano : nano;
}
