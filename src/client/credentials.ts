import { execFile } from 'node:child_process';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, messageOf } from '../base/errors.ts';
import {
  type AuthConfig,
  authFor,
  type DockerConfig,
  encodeRegistryAuth,
  helperFor,
  serverFor,
} from '../formats/docker-config.ts';
import { jsonString, parseJsonObject } from '../formats/json.ts';
import type { Domain } from '../formats/reference.ts';

/** A helper answers tokens in place of a password under this user name. */
const TOKEN_USER = '<token>';
const MAX_ANSWER = 1024 * 1024;
const HELPER_TIMEOUT_MS = 30_000;

/**
 * The encoded `X-Registry-Auth` for a registry: from its credential helper, the credential store, or `auths`. Undefined
 * when none of them knows it. Throws `system` when a helper fails, `invalid` when the file's entry cannot be read.
 */
export async function registryAuth(
  ctx: Ctx,
  config: DockerConfig,
  domain: Domain,
): Promise<string | undefined> {
  const server = serverFor(domain);
  const helper = helperFor(config, server);
  const auth = helper ? await askHelper(ctx, helper, server) : authFor(config, server);
  return auth && encodeRegistryAuth({ ...auth, serverAddress: server });
}

/** `docker-credential-NAME get`: the server on stdin, JSON on stdout (docker-credential-helpers' protocol). */
async function askHelper(ctx: Ctx, helper: string, server: string): Promise<AuthConfig | undefined> {
  const program = `docker-credential-${helper}`;
  const answer = await runHelper(ctx, program, server);
  if (answer === undefined) return undefined;
  const json = parseJsonObject(answer, `answer of ${program}`);
  const username = jsonString(json['Username'], `answer of ${program}: Username`);
  const secret = jsonString(json['Secret'], `answer of ${program}: Secret`);
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
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
