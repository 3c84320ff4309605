import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, messageOf } from '../base/errors.ts';
import type { DockerConfig } from '../formats/docker-config.ts';
import { type Address, parseAddress } from './address.ts';
import { readIfThere } from './docker-config.ts';

/** PEM texts for a TLS connection; `verify` false accepts any certificate (`--tls` without `--tlsverify`). */
export interface TlsMaterial {
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  verify: boolean;
}

/** A daemon to talk to and the context that chose it. */
export interface Endpoint {
  context: string;
  address: Address;
  tls: TlsMaterial | undefined;
}

/** The command line's say in the matter. */
export interface EndpointFlags {
  host?: string;
  context?: string;
  tls?: boolean;
  tlsverify?: boolean;
  tlscacert?: string;
  tlscert?: string;
  tlskey?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Chooses the daemon as docker does: `--host`, `--context`, `DOCKER_HOST`, `DOCKER_CONTEXT`, the configuration's
 * `currentContext`, else Gantry's own socket. Throws `invalid` on conflicting flags, `not-found` for an unknown context.
 */
export async function resolveEndpoint(
  flags: EndpointFlags,
  env: Env,
  dir: string,
  config: () => DockerConfig,
): Promise<Endpoint> {
  if (flags.host !== undefined && flags.context !== undefined) {
    throw new EngineError('invalid', 'conflicting options: cannot specify both --host and --context');
  }
  if (flags.context === undefined) {
    const host = flags.host ?? (env['DOCKER_HOST'] || undefined);
    if (host !== undefined) return fromFlags(host, flags, env, dir);
  }
  const context = flags.context || env['DOCKER_CONTEXT'] || config().currentContext || 'default';
  return context === 'default' ? fromFlags('', flags, env, dir) : fromStore(context, dir);
}

function fromFlags(host: string, flags: EndpointFlags, env: Env, dir: string): Endpoint {
  const verify = flags.tlsverify ?? Boolean(env['DOCKER_TLS_VERIFY']);
  const wanted = verify || Boolean(flags.tls) || Boolean(env['DOCKER_TLS']) || host.startsWith('https://');
  const address = parseAddress(host, wanted);
  if (!wanted || address.kind === 'unix') return { context: 'default', address, tls: undefined };
  const certs = env['DOCKER_CERT_PATH'] || dir;
  const tls = {
    ca: pem(flags.tlscacert, join(certs, 'ca.pem')),
    cert: pem(flags.tlscert, join(certs, 'cert.pem')),
    key: pem(flags.tlskey, join(certs, 'key.pem')),
    verify,
  };
  return { context: 'default', address, tls };
}

/** A file named by a flag must be there; the default one need not. */
function pem(named: string | undefined, fallback: string): string | undefined {
  if (named === undefined) return readIfThere(fallback);
  try {
    return readFileSync(named, 'utf8');
  } catch (error) {
    throw new EngineError('invalid', `could not read TLS file: ${messageOf(error)}`, { cause: error });
  }
}

/** A context of Docker's store: `contexts/meta/SHA256(NAME)/meta.json`, TLS files in `contexts/tls/SHA256(NAME)/docker`. */
async function fromStore(context: string, dir: string): Promise<Endpoint> {
  const { createHash } = await import('node:crypto');
  const id = createHash('sha256').update(context).digest('hex');
  const path = join(dir, 'contexts', 'meta', id, 'meta.json');
  const text = readIfThere(path);
  if (text === undefined) {
    throw new EngineError('not-found', `context ${JSON.stringify(context)}: context not found: no ${path}`);
  }
  const { host, skipVerify } = endpointOf(text, path);
  const tlsDir = join(dir, 'contexts', 'tls', id, 'docker');
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readIfThere(join(tlsDir, name)));
  const wanted = ca !== undefined || cert !== undefined || skipVerify || host.startsWith('https://');
  const address = parseAddress(host, wanted);
  const tls = wanted && address.kind === 'tcp' ? { ca, cert, key, verify: !skipVerify } : undefined;
  return { context, address, tls };
}

function endpointOf(text: string, path: string): { host: string; skipVerify: boolean } {
  try {
    const meta: { Endpoints?: { docker?: { Host?: unknown; SkipTLSVerify?: unknown } } } = JSON.parse(text);
    const docker = meta.Endpoints?.docker;
    return { host: String(docker?.Host ?? ''), skipVerify: docker?.SkipTLSVerify === true };
  } catch (error) {
    throw new EngineError('invalid', `${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}
