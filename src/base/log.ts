export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured logger: the message is a constant, what varies goes into fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each record. */
  with(fields: LogFields): Log;
}

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A logger that writes logfmt lines (`time=… level=info msg="…" key=value`) through `write`; records below `level` are dropped. */
export function createLog(level: () => LogLevel, write: (line: string) => void, bound: LogFields = {}): Log {
  const emit = (at: LogLevel, message: string, fields?: LogFields): void => {
    if (RANK[at] < RANK[level()]) return;
    const parts = [`time=${new Date().toISOString()}`, `level=${at}`, `msg=${quote(message)}`];
    for (const [key, value] of Object.entries({ ...bound, ...fields })) {
      if (value !== undefined) parts.push(`${key}=${quote(String(value))}`);
    }
    write(parts.join(' ') + '\n');
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
    with: (fields) => createLog(level, write, { ...bound, ...fields }),
  };
}

function quote(value: string): string {
  return /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Drops everything. */
export const silentLog: Log = createLog(
  () => 'error',
  () => {},
);
