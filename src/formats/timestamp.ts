import { EngineError } from '../base/errors.ts';
import { parseDuration } from './duration.ts';

const FORMS =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * The value of a `since` or `until` as the API wants it, `SECONDS[.NANOSECONDS]`: from a Go duration before `nowMs`, an
 * RFC 3339 time or a prefix of one (local time when no zone is given), or seconds since the epoch (passed on as they
 * are). Throws `invalid`.
 */
export function apiTimestamp(text: string, nowMs: number): string {
  const relative = durationOf(text);
  if (relative !== undefined) {
    return String(Math.floor(nowMs / 1000 - relative / 1e9));
  }
  if (/^-?\d+(\.\d+)?$/.test(text)) return text;
  const match = FORMS.exec(text);
  if (!match) {
    throw new EngineError('invalid', `failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = ''] = match;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const ms = Date.parse(local + zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2'));
  if (Number.isNaN(ms)) {
    throw new EngineError('invalid', `failed to parse value as time or duration: ${JSON.stringify(text)}`);
  }
  return `${Math.floor(ms / 1000)}.${fraction.padEnd(9, '0')}`;
}

function durationOf(text: string): number | undefined {
  if (!/[a-zµμ]$/.test(text)) return undefined;
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}
