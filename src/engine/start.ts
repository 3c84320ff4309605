import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/** Starts a container; resolves when its process has been exec'd. Errors: `not-found`, `not-modified` (runs already), `conflict`, `invalid` (exec failed: exit code 126/127 is recorded). */
export async function startContainer(_ctx: Ctx, _engine: Engine, _ref: string): Promise<void> {
  throw new Error('pending');
}
