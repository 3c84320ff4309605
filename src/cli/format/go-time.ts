import { readFileSync } from 'node:fs';

/** Go's `time.String()` of a time without fraction, in this machine's zone: `2026-11-21 13:28:08 +0900 JST`. */
export function goTimeString(seconds: number): string {
  const date = new Date(seconds * 1000);
  const offset = -date.getTimezoneOffset();
  return `${localParts(date).join(' ')} ${formatOffset(offset, '')} ${zoneName(offset)}`;
}

/** RFC 3339 of a time without fraction, in this machine's zone: `2026-11-21T13:28:08+09:00`. */
export function rfc3339(seconds: number): string {
  const date = new Date(seconds * 1000);
  return localParts(date).join('T') + zoneSuffix(date);
}

/** RFC 3339 with nine decimals, in this machine's zone. */
export function rfc3339Nano(nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const fraction = String(nanoseconds % 1_000_000_000n).padStart(9, '0');
  return `${localParts(date).join('T')}.${fraction}${zoneSuffix(date)}`;
}

/** Go's `time.ANSIC` of an RFC 3339 text, in UTC: `Fri May 30 12:07:14 2025`; the text itself when it is none. */
export function ansic(text: string): string {
  const date = new Date(text);
  if (text === '' || Number.isNaN(date.getTime())) return text;
  const [weekday = '', day = '', month = '', year = '', time = ''] = date
    .toUTCString()
    .replace(',', '')
    .split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

function localParts(date: Date): [day: string, time: string] {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [String(date.getFullYear()).padStart(4, '0'), two(date.getMonth() + 1), two(date.getDate())];
  return [day.join('-'), [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')];
}

function zoneSuffix(date: Date): string {
  const offset = -date.getTimezoneOffset();
  return offset === 0 ? 'Z' : formatOffset(offset, ':');
}

function formatOffset(minutes: number, separator: string): string {
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.trunc(size / 60))}${separator}${two(size % 60)}`;
}

/**
 * The abbreviation Go prints for the zone at `offset` minutes east: from the rule at the end of the zone's TZif file
 * (RFC 8536, section 3.3), such as `JST-9` or `CET-1CEST,M3.5.0,M10.5.0/3`.
 */
function zoneName(offset: number): string {
  const rule = zoneRule();
  const [, standard = '', sign = '', hours = '0', minutes = '0', daylight] =
    /^(<[^>]+>|[A-Za-z]+)([+-]?)(\d+)(?::(\d+))?(<[^>]+>|[A-Za-z]+)?/.exec(rule) ?? [];
  if (standard === '') return offset === 0 ? 'UTC' : formatOffset(offset, '').replace(/00$/, '');
  const standardOffset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? 1 : -1);
  const name = offset === standardOffset || daylight === undefined ? standard : daylight;
  return name.replace(/[<>]/g, '');
}

function zoneRule(): string {
  const zone = process.env['TZ'];
  if (zone === '' || zone?.includes('..')) return '';
  const path = zone === undefined ? '/etc/localtime' : `/usr/share/zoneinfo/${zone.replace(/^:/, '')}`;
  try {
    return readFileSync(path).toString('latin1').trimEnd().split('\n').at(-1) ?? '';
  } catch {
    return '';
  }
}
