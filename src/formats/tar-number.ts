import { EngineError } from '../base/errors.ts';
import type { TarTime } from './tar-entry.ts';

/** Largest numbers the octal fields of a header hold: 7 and 11 digits. */
export const MAX_OCTAL_7 = 0o7777777;
export const MAX_OCTAL_11 = 0o77777777777;

/**
 * A numeric header field: octal digits in blanks and NULs, or GNU's base-256 (first byte 0x80 or 0xff, then a big-endian
 * two's complement number; GNU tar manual, "Extensions"). An empty field is 0. Undefined when it is neither, or beyond
 * 2^53.
 */
export function parseTarNumber(block: Uint8Array, offset: number, length: number): number | undefined {
  const first = block[offset] ?? 0;
  return first & 0x80 ? parseBase256(block, offset, length) : parseOctal(block, offset, offset + length);
}

function parseOctal(block: Uint8Array, start: number, end: number): number | undefined {
  let at = start;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; at < end; at++) if (block[at] !== 0x20 && block[at] !== 0) return undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}

function parseBase256(block: Uint8Array, offset: number, length: number): number | undefined {
  const first = block[offset] ?? 0;
  const negative = (first & 0x40) !== 0;
  let value = negative ? (first & 0x7f) - 0x80 : first & 0x3f;
  for (let i = 1; i < length; i++) value = value * 256 + (block[offset + i] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Writes an octal field of `length` bytes that ends in NUL. The value must fit; see {@link MAX_OCTAL_11}. */
export function putOctal(block: Buffer, offset: number, length: number, value: number): void {
  block.write(value.toString(8).padStart(length - 1, '0'), offset, length - 1, 'latin1');
}

const PAX_TIME = /^(-?)(\d{1,15})(?:\.(\d*))?$/;

/** A PAX time, `-1.5` or `1700000000.123456789`; digits beyond nanoseconds are cut off. Throws `invalid` naming `what`. */
export function parsePaxTime(text: string, what: string): TarTime {
  const match = PAX_TIME.exec(text);
  if (!match) throw new EngineError('invalid', `${what}: ${JSON.stringify(text.slice(0, 40))} is not a time`);
  const [, sign, whole, fraction = ''] = match;
  const sec = Number(whole);
  const nsec = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign !== '-') return { sec, nsec };
  return nsec === 0 ? { sec: 0 - sec, nsec: 0 } : { sec: -sec - 1, nsec: 1_000_000_000 - nsec };
}

/** The inverse of {@link parsePaxTime}, in its shortest form. */
export function formatPaxTime({ sec, nsec }: TarTime): string {
  if (nsec === 0) return String(sec);
  const [whole, rest] = sec < 0 ? [sec + 1, 1_000_000_000 - nsec] : [sec, nsec];
  const sign = sec < 0 ? '-' : '';
  return `${sign}${Math.abs(whole)}.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
}

const DECIMAL = /^\d{1,16}$/;

/** A decimal number from 0 to 2^53 - 1. Throws `invalid` naming `what`. */
export function parseDecimal(text: string, what: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new EngineError('invalid', `${what}: ${JSON.stringify(text.slice(0, 40))} is not a number`);
}
