import type { AuthConfig } from '../formats/docker-config.ts';

/** What somebody shows to a registry. */
export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An OAuth 2 refresh token, exchanged for access tokens at the registry's token server. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** An access token, sent as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

export const ANONYMOUS: Credentials = { kind: 'anonymous' };

/** What an `X-Registry-Auth` header or a `config.json` entry amounts to. */
export function credentialsOf(auth: AuthConfig | undefined): Credentials {
  if (auth?.registryToken) return { kind: 'registry-token', token: auth.registryToken };
  if (auth?.identityToken) return { kind: 'identity-token', token: auth.identityToken };
  if (auth?.username) {
    return { kind: 'password', username: auth.username, password: auth.password ?? '' };
  }
  return ANONYMOUS;
}
