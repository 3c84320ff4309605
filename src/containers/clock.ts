/** How far the steady clock may stray from the wall clock before it is set again, in milliseconds. */
const MAX_DRIFT = 5;

let origin = performance.timeOrigin;

/** Nanoseconds since the epoch, with the microseconds of a steady clock; follows the wall clock when that is set. */
export function nowNano(): bigint {
  const wall = Date.now();
  const steady = performance.now();
  if (Math.abs(origin + steady - wall) > MAX_DRIFT) origin = wall - steady;
  const micros = (origin + steady) * 1000;
  return BigInt(Math.round(micros)) * 1000n;
}

/** Now, as {@link formatNano} has it. */
export function nowText(): string {
  return formatNano(nowNano());
}

/** Go's RFC3339Nano in UTC: `2025-02-17T17:43:39.64001363Z`, trailing zeros of the fraction cut. */
export function formatNano(nano: bigint): string {
  const seconds = new Date(Number(nano / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  const fraction = String(nano % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`;
}

const RFC3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/;

/** Nanoseconds since the epoch of an RFC 3339 time; `undefined` when it is not one. */
export function parseNano(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [, date, time, fraction = '', zone = 'Z'] = match;
  const millis = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(millis)) return undefined;
  return BigInt(millis) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
