import type { Ctx } from '../base/ctx.ts';
import { credentialsOf } from '../distribution/credentials.ts';
import type { Registries } from '../distribution/registries.ts';
import { type AuthConfig, DOCKER_HUB_SERVER } from '../formats/docker-config.ts';

export interface Login {
  /** To be kept instead of the password. */
  readonly identityToken?: string;
}

/**
 * Checks credentials with their registry, Docker Hub when none is named. Nothing is kept: the client keeps them. Errors:
 * `unauthorized`, `unavailable`.
 */
export function login(ctx: Ctx, registries: Registries, auth: AuthConfig): Promise<Login> {
  return registries.login(ctx, auth.serverAddress ?? DOCKER_HUB_SERVER, credentialsOf(auth));
}
