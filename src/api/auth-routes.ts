import type { Registries } from '../distribution/registries.ts';
import { login } from '../engine/login.ts';
import { parseAuthConfig } from '../formats/docker-config.ts';
import { json, type Reply } from './reply.ts';
import { type ApiRequest, readJson } from './request.ts';
import type { Route } from './router.ts';

/** `POST /auth`: what `docker login` asks. */
export function authRoutes(registries: Registries): Route[] {
  return [{ method: 'POST', path: '/auth', handle: (request) => auth(registries, request) }];
}

async function auth(registries: Registries, request: ApiRequest): Promise<Reply> {
  const config = parseAuthConfig(await readJson(request), 'auth config');
  const { identityToken = '' } = await login(request.ctx, registries, config);
  return json({ IdentityToken: identityToken, Status: 'Login Succeeded' });
}
