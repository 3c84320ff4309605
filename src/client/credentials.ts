import { execFile } from 'node:child_process';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, messageOf } from '../base/errors.ts';
import type { Domain } from '../formats/reference.ts';
import type { AuthEntry, DockerConfig } from './docker-config.ts';

/** How Docker Hub is called in `config.json` and by credential helpers. */
const HUB_SERVER = 'https://index.docker.io/v1/';
/** A helper answers tokens in place of a password under this user name. */
const TOKEN_USER = '<token>';
const MAX_ANSWER = 1024 * 1024;
const HELPER_TIMEOUT_MS = 30_000;

/** `X-Registry-Auth`'s content (Engine API, "Authentication"). */
export interface RegistryAuth {
  username?: string;
  password?: string;
  identitytoken?: string;
  registrytoken?: string;
  serveraddress: string;
}

/**
 * The encoded `X-Registry-Auth` for a registry: from its credential helper, the credential store, or `auths`. Undefined
 * when none of them knows it. Throws `system` when a helper fails.
 */
export async function registryAuth(
  ctx: Ctx,
  config: DockerConfig,
  domain: Domain,
): Promise<string | undefined> {
  const server = domain === 'docker.io' ? HUB_SERVER : domain;
  const helper = config.credHelpers?.[server] ?? config.credsStore;
  const auth = helper ? await askHelper(ctx, helper, server) : fromEntry(entryFor(config, server), server);
  return auth && Buffer.from(JSON.stringify(auth)).toString('base64url');
}

/** The entry of `server`, whether written as host, with a scheme or with a path. */
function entryFor(config: DockerConfig, server: string): AuthEntry | undefined {
  const auths = config.auths ?? {};
  const exact = auths[server];
  if (exact) return exact;
  const host = hostOf(server);
  return Object.entries(auths).find(([key]) => hostOf(key) === host)?.[1];
}

function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').split('/')[0] ?? '';
}

function fromEntry(entry: AuthEntry | undefined, server: string): RegistryAuth | undefined {
  if (!entry) return undefined;
  const decoded = entry.auth ? Buffer.from(entry.auth, 'base64').toString('utf8').replace(/\0+$/, '') : '';
  const colon = decoded.indexOf(':');
  const username = entry.username || (colon > 0 ? decoded.slice(0, colon) : '');
  const password = entry.password || (colon > 0 ? decoded.slice(colon + 1) : '');
  const { identitytoken, registrytoken } = entry;
  if (!username && !identitytoken && !registrytoken) return undefined;
  return {
    ...(username && { username }),
    ...(password && !identitytoken && { password }),
    ...(identitytoken && { identitytoken }),
    ...(registrytoken && { registrytoken }),
    serveraddress: server,
  };
}

/** `docker-credential-NAME get`: the server on stdin, JSON on stdout (docker-credential-helpers' protocol). */
async function askHelper(ctx: Ctx, helper: string, server: string): Promise<RegistryAuth | undefined> {
  if (!/^[\w.-]+$/.test(helper)) {
    throw new EngineError(
      'invalid',
      `config.json: credential helper ${JSON.stringify(helper)}: not a plain name`,
    );
  }
  const program = `docker-credential-${helper}`;
  const answer = await runHelper(ctx, program, server);
  if (answer === undefined) return undefined;
  try {
    const { Username = '', Secret = '' }: { Username?: string; Secret?: string } = JSON.parse(answer);
    if (Username === TOKEN_USER) return { identitytoken: Secret, serveraddress: server };
    return { username: Username, password: Secret, serveraddress: server };
  } catch (error) {
    throw new EngineError('system', `${program}: its answer is not JSON`, { cause: error });
  }
}

/** Undefined when the helper has nothing for the server. */
function runHelper(ctx: Ctx, program: string, server: string): Promise<string | undefined> {
  const options = { signal: ctx.signal, maxBuffer: MAX_ANSWER, timeout: HELPER_TIMEOUT_MS };
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['get'], options, (error, stdout) => {
      if (!error) return resolve(stdout);
      if (/credentials not found/.test(stdout)) return resolve(undefined);
      const problem = `error getting credentials: ${program}: ${stdout.trim() || messageOf(error)}`;
      reject(new EngineError('system', problem, { cause: error }));
    });
    child.stdin?.on('error', () => {}).end(server);
  });
}
