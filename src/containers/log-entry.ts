import { formatNano, parseNano } from './clock.ts';
import type { OutputChunk } from './output.ts';

/** One line of a `json-file` log: what a process wrote, up to and with a newline, or a piece of a very long line. */
export interface LogEntry {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
  /** What `--log-opt labels=…` adds. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Parses one line of the file; `undefined` when it is not whole, as after a crash of the writer. */
export function parseLogLine(line: string): LogEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { log, stream, time, attrs } = value as Record<string, unknown>;
  const nano = typeof time === 'string' ? parseNano(time) : undefined;
  if (typeof log !== 'string' || nano === undefined) return undefined;
  return {
    text: log,
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    time: nano,
    attributes: stringsOf(attrs),
  };
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]));
}

export interface LogFormat {
  readonly timestamps: boolean;
  readonly details: boolean;
}

/** The entry as the logs endpoint sends it: `[TIME ][k=v,… ]text`, the time with nine digits of fraction. */
export function renderEntry(entry: LogEntry, format: LogFormat): OutputChunk {
  const time = format.timestamps ? `${nineDigits(entry.time)} ` : '';
  const details = format.details ? `${renderAttributes(entry.attributes)} ` : '';
  return { stream: entry.stream, data: Buffer.from(time + details + entry.text) };
}

function nineDigits(nano: bigint): string {
  const fraction = String(nano % 1_000_000_000n).padStart(9, '0');
  return `${formatNano(nano - (nano % 1_000_000_000n)).slice(0, -1)}.${fraction}Z`;
}

function renderAttributes(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${queryEscape(key)}=${queryEscape(value)}`)
    .join(',');
}

/** Go's url.QueryEscape. */
function queryEscape(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
