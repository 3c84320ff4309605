import type { Ctx } from '../base/ctx.ts';
import type { Engine } from './engine.ts';

/** The daemon's own JSON text. */
export function inspectVolumeRaw(ctx: Ctx, engine: Engine, name: string): Promise<string> {
  return engine.text(ctx, 'GET', `/volumes/${encodeURIComponent(name)}`);
}
