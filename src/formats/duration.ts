import { EngineError } from '../base/errors.ts';

/** Nanoseconds per unit of Go's `time.ParseDuration`. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const MAX = 2 ** 63;

/** Nanoseconds of a Go duration: `1h30m`, `1.5s`, `-200ms`, `0`. Throws `invalid` in Go's words. */
export function parseDuration(text: string): number {
  const quoted = JSON.stringify(text);
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (rest === '') throw new EngineError('invalid', `time: invalid duration ${quoted}`);
  let total = 0;
  let at = 0;
  while (at < rest.length) {
    const [whole = '', number = '', unit = ''] = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest.slice(at)) ?? [];
    if (whole === '') throw new EngineError('invalid', `time: invalid duration ${quoted}`);
    if (unit === '') throw new EngineError('invalid', `time: missing unit in duration ${quoted}`);
    const factor = UNITS[unit];
    if (factor === undefined) {
      throw new EngineError('invalid', `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    }
    total += Number(number) * factor;
    at += whole.length;
  }
  if (total >= MAX) throw new EngineError('invalid', `time: invalid duration ${quoted}`);
  return sign === '-' ? -Math.trunc(total) : Math.trunc(total);
}

/** Go's spelling of a duration given in nanoseconds: `1h30m0s`, `1.5s`, `200ms`, `0s`. */
export function formatDuration(nanoseconds: number): string {
  const sign = nanoseconds < 0 ? '-' : '';
  const ns = Math.abs(nanoseconds);
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${ns / 1e3}µs`;
  if (ns < 1e9) return `${sign}${ns / 1e6}ms`;
  const hours = Math.trunc(ns / 3600e9);
  const minutes = Math.trunc((ns % 3600e9) / 60e9);
  const seconds = (ns % 60e9) / 1e9;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}s` : `${sign}${seconds}s`;
}
