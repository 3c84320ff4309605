import { EngineError } from '../base/errors.ts';

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];
const SUFFIXES = 'kmgtp';

/** Decimal size with `digits` significant digits, as tables show it: `1.98MB`, `72.8kB`, `0B`. */
export function humanSize(bytes: number, digits = 4): string {
  return scale(bytes, 1000, DECIMAL, digits);
}

/** Binary size with four significant digits: `23.54GiB`. */
export function humanBinarySize(bytes: number): string {
  return scale(bytes, 1024, BINARY, 4);
}

function scale(bytes: number, base: number, units: readonly string[], digits: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return significant(value, digits) + units[unit];
}

/** C's `%.Ng` for sizes and rates: at most `digits` significant digits, no trailing zeros. */
export function significant(value: number, digits: number): string {
  const text = value.toPrecision(digits);
  const [mantissa = '', exponent] = text.split('e');
  const trimmed = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  if (exponent === undefined) return trimmed;
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${trimmed}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
}

/**
 * Bytes of a size such as `512m`, `1.5GiB`, `64 MB` or `1024`; prefixes are powers of `base` (1024 for memory, 1000 for
 * disks), letter case does not matter. Throws `invalid` in Docker's words.
 */
export function parseSize(text: string, base: 1000 | 1024 = 1024): number {
  const [, digits, suffix] = /^(.*[\d.]) ?([^\d. ]*)$/s.exec(text) ?? [];
  if (digits === undefined || suffix === undefined)
    throw new EngineError('invalid', `invalid size: '${text}'`);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(digits)) {
    throw new EngineError('invalid', `strconv.ParseFloat: parsing ${JSON.stringify(digits)}: invalid syntax`);
  }
  if (Number(digits) < 0) throw new EngineError('invalid', `invalid size: '${text}'`);
  return Math.trunc(Number(digits) * multiplier(suffix.toLowerCase(), base));
}

function multiplier(suffix: string, base: number): number {
  if (suffix === '' || suffix === 'b') return 1;
  const power = SUFFIXES.indexOf(suffix.slice(0, 1));
  if (power < 0 || !['', 'b', 'ib'].includes(suffix.slice(1))) {
    throw new EngineError('invalid', `invalid suffix: '${suffix}'`);
  }
  return base ** (power + 1);
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

/** An approximate duration for people, as Docker words it: `About a minute`, `3 weeks`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < MINUTE) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / MINUTE);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const exact = milliseconds / 1000 / HOUR;
  const hours = Math.round(exact);
  if (hours === 1) return 'About an hour';
  if (hours < 2 * DAY) return `${hours} hours`;
  if (hours < 2 * WEEK) return `${Math.trunc(hours / DAY)} days`;
  if (hours < 2 * MONTH) return `${Math.trunc(hours / WEEK)} weeks`;
  if (hours < 2 * YEAR) return `${Math.trunc(hours / MONTH)} months`;
  return `${Math.trunc(exact / YEAR)} years`;
}
