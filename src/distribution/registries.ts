import type { Ctx } from '../base/ctx.ts';
import type { Reference } from '../formats/reference.ts';
import type { Credentials } from './credentials.ts';
import type { RegistryConfig } from './registry-config.ts';
import type { Repository } from './repository.ts';

/** The daemon's way to all registries: connections, tokens and the limit on concurrent downloads are shared here. */
export interface Registries {
  readonly config: RegistryConfig;
  repository(reference: Reference, credentials: Credentials): Repository;
  /** Checks credentials with a registry (`docker login`); the token, if any, is to be kept instead of the password. */
  login(ctx: Ctx, server: string, credentials: Credentials): Promise<{ identityToken?: string }>;
  /** Closes idle connections. */
  close(): void;
}
