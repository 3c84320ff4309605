import type { Ctx } from '../base/ctx.ts';
import type { AttachSession } from './attach-session.ts';
import type { Engine } from './engine.ts';

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Live streams. */
  readonly stream: boolean;
  /** What was logged so far, first. */
  readonly logs: boolean;
  /** `ctrl-p,ctrl-q` when absent or empty. */
  readonly detachKeys?: string;
}

/** Connects to a container's streams; also before it is started. `ctx.signal` ends the session like `close()`. */
export async function attachContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _options: AttachOptions,
): Promise<AttachSession> {
  throw new Error('pending');
}

/** What the API must know before it answers: whether the streams are raw. */
export function isTty(_engine: Engine, _ref: string): boolean {
  throw new Error('pending');
}
