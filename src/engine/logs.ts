import type { Ctx } from '../base/ctx.ts';
import type { OutputChunk } from '../containers/output.ts';
import type { Engine } from './engine.ts';

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
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _options: LogsOptions,
): Promise<LogStream> {
  throw new Error('pending');
}
