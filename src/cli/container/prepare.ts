import { EngineError, isEngineError } from '../../base/errors.ts';
import { formatAddress } from '../../client/address.ts';
import { createContainer } from '../../client/containers.ts';
import { isDaemonError } from '../../client/daemon-error.ts';
import type { Engine } from '../../client/engine.ts';
import { familiarString, parseReference, type Reference, withDefaultTag } from '../../formats/reference.ts';
import type { ContainerCreateRequest } from '../../wire/types-container.ts';
import type { Cli } from '../cli-context.ts';
import { platformQuery } from '../flags/platform.ts';
import { pull } from '../pull.ts';
import { terminalSize } from '../terminal/window-size.ts';
import { claimCidFile } from './cid-file.ts';
import { collectEnv, collectLabels, withProxies } from './env.ts';
import type { CreateFlags } from './flags.ts';
import { createRequest } from './request.ts';
import { securityRequest } from './security.ts';

const LOCAL_DNS = /^(127\.|::1$)/;

/** Turns flags into a request: reads the files they name and settles what contradicts. Throws `invalid`. */
export async function prepareRequest(
  cli: Cli,
  engine: Engine,
  flags: CreateFlags,
  [image = '', ...command]: readonly string[],
): Promise<ContainerCreateRequest> {
  if (!['', 'always', 'missing', 'never'].includes(flags.pull)) {
    const choice = 'must be one of "always", "missing" or "never"';
    throw new EngineError('invalid', `invalid pull option: '${flags.pull}': ${choice}`);
  }
  const { proxies } = cli.config();
  const proxy = proxies[formatAddress(engine.endpoint.address)] ?? proxies['default'];
  const sources = {
    env: await collectEnv(flags.envFile, withProxies(flags.env, proxy), cli.env),
    labels: await collectLabels(flags.labelFile, flags.label),
    security: await securityRequest(flags.securityOpt),
    consoleSize: terminalSize(cli),
    apiVersion: await engine.version(cli.ctx),
  };
  return createRequest(flags, sources, image, command);
}

/** Makes the container, pulling its image as `--pull` says; answers its ID. */
export async function makeContainer(
  cli: Cli,
  engine: Engine,
  flags: CreateFlags,
  request: ContainerCreateRequest,
): Promise<string> {
  warnOfLocalDns(cli, flags);
  const reference = referenceOf(request.Image ?? '');
  const platform = flags.platform === '' ? undefined : platformQuery(flags.platform);
  const query = { ...(flags.name !== '' && { name: flags.name }), ...(platform && { platform }) };
  using cidFile = claimCidFile(flags.cidfile);
  if (flags.pull === 'always' && reference) await fetchImage(cli, engine, flags, reference);
  const create = () => createContainer(cli.ctx, engine, request, query);
  const created = await create().catch(async (error: unknown) => {
    if (!isDaemonError(error, 404) || !reference || flags.pull !== 'missing') throw error;
    if (!flags.quiet) cli.stderr.write(`Unable to find image '${familiarString(reference)}' locally\n`);
    await fetchImage(cli, engine, flags, reference);
    return create();
  });
  for (const warning of created.Warnings ?? []) cli.stderr.write(`WARNING: ${warning}\n`);
  cidFile?.write(created.Id);
  return created.Id;
}

async function fetchImage(cli: Cli, engine: Engine, flags: CreateFlags, reference: Reference): Promise<void> {
  await pull(cli, engine, reference, { quiet: flags.quiet, platform: flags.platform }, cli.stderr);
}

/** Undefined for an image ID, which cannot be pulled. Throws `invalid` when `image` is neither. */
function referenceOf(image: string): Reference | undefined {
  if (/^(?:sha256:)?[a-f0-9]{64}$/.test(image)) return undefined;
  return withDefaultTag(parseReference(image));
}

function warnOfLocalDns(cli: Cli, flags: CreateFlags): void {
  const local = flags.dns.find((address) => LOCAL_DNS.test(address));
  if (local) cli.stderr.write(`WARNING: Localhost DNS (${local}) may fail in containers.\n`);
}

/** The code `run` ends with when a container could not be made or started. */
export function startErrorCode(error: unknown): number {
  const text = isEngineError(error) ? error.message : '';
  if (/executable file not found|no such file or directory|system cannot find the file specified/.test(text))
    return 127;
  return /permission denied|is a directory/.test(text) ? 126 : 125;
}
