import type { Ctx } from '../base/ctx.ts';
import type { Descriptor } from '../formats/descriptor.ts';

/** A wait before the next attempt, for whoever shows progress ("Retrying in 5 seconds"). */
export interface Retry {
  readonly error: Error;
  readonly waitMs: number;
}

/** One repository in a registry, seen with one person's credentials. Made by `Registries.repository`. */
export interface Repository {
  /** What the reference's tag or digest stands for: one HEAD where the registry knows how. */
  resolve(ctx: Ctx): Promise<Descriptor>;
  /** The bytes of a manifest or index, verified against digest and size. */
  manifest(ctx: Ctx, descriptor: Descriptor): Promise<Uint8Array>;
  /** The bytes of a blob from `offset` to its end, reconnecting, retrying and changing mirrors as needed. Not hashed. */
  blob(
    ctx: Ctx,
    descriptor: Descriptor,
    offset: number,
    onRetry?: (retry: Retry) => void,
  ): AsyncIterable<Uint8Array>;
  tags(ctx: Ctx): Promise<string[]>;
}
