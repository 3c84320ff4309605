import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

export interface RemoveOptions {
  readonly force: boolean;
  /** Anonymous volumes too. */
  readonly volumes: boolean;
  /** Removes a legacy link instead; refused. */
  readonly link: boolean;
}

/** Errors: `not-found`, `conflict` (running, being removed). */
export async function removeContainer(
  _ctx: Ctx,
  _engine: Engine,
  _ref: string,
  _options: RemoveOptions,
): Promise<void> {
  throw new Error('pending');
}
