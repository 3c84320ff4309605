import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { checkLogConfig } from '../containers/check-log.ts';
import { renderEntry } from '../containers/log-entry.ts';
import { type LogQuery, readLog } from '../containers/logs.ts';
import type { OutputChunk } from '../containers/output.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import { parseTimeQuery } from './time-query.ts';

export interface LogsOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** Unix seconds with fraction, or empty. */
  readonly since?: string;
  readonly until?: string;
  readonly timestamps: boolean;
  /** A number of lines, or `all`. */
  readonly tail?: string;
  readonly details: boolean;
}

export interface LogStream {
  readonly tty: boolean;
  /** Whole log entries, in order. Ends at the end of the log, with `follow` when the container ends or `ctx` is aborted. */
  readonly output: AsyncIterable<OutputChunk>;
}

/** Errors: `not-found`, `invalid` (no stream chosen, bad number), `not-implemented` (log driver `none`). */
export async function containerLogs(
  ctx: Ctx,
  engine: Engine,
  ref: string,
  options: LogsOptions,
): Promise<LogStream> {
  if (!options.stdout && !options.stderr) {
    throw new EngineError('invalid', 'Bad parameters: you must choose at least one stream');
  }
  const record = engine.containers.resolve(ref);
  if (checkLogConfig(record.hostConfig.logConfig).driver === 'none') {
    throw new EngineError('not-implemented', 'configured logging driver does not support reading');
  }
  const tail = parseTail(options.tail);
  const since = parseTimeQuery(options.since);
  const until = parseTimeQuery(options.until);
  // A container that does not run has said all it will say.
  const follow = options.follow ? engine.runs.get(record.id)?.ended.signal : undefined;
  const query: LogQuery = {
    ...(tail !== undefined && { tail }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(follow && { follow }),
  };
  const { log } = containerPaths(engine.paths, record.id);
  return { tty: record.config.tty, output: rendered(ctx, log, query, options) };
}

async function* rendered(
  ctx: Ctx,
  path: string,
  query: LogQuery,
  options: LogsOptions,
): AsyncGenerator<OutputChunk> {
  for await (const batch of readLog(ctx, path, query)) {
    for (const entry of batch) if (options[entry.stream]) yield renderEntry(entry, options);
  }
}

function parseTail(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === 'all' || text === '-1') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw new EngineError(
      'invalid',
      `invalid value for query parameter tail: ${JSON.stringify(text)}: a number or "all"`,
    );
  }
  return Number(text);
}
