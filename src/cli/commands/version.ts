import { systemVersion } from '../../client/system.ts';
import { MAX_API_VERSION } from '../../client/version.ts';
import type { SystemVersion } from '../../wire/types-system.ts';
import type { Cli } from '../cli-context.ts';
import { defineCommand, noArgs } from '../command.ts';
import { string } from '../flags/scalars.ts';
import { VALUE_FORMAT_HELP } from '../format/texts.ts';
import { renderValue } from '../format/value.ts';
import { type ClientVersion, versionStruct, versionText } from '../format/version-text.ts';
import { BUILD_TIME, CLIENT_VERSION, GIT_COMMIT } from '../version-info.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: { format: string(VALUE_FORMAT_HELP, '', { short: 'f' }) },
  args: noArgs,
  run: async (cli, { format }) => {
    const engine = await cli.engine();
    const server = await systemVersion(cli.ctx, engine).catch((error: unknown) => ({ error }));
    const client = await clientVersion(cli, 'error' in server ? undefined : server);
    const known = 'error' in server ? undefined : server;
    cli.stdout.write(
      format === ''
        ? versionText(client, known)
        : renderValue(versionStruct(client, known), format, 'version'),
    );
    if ('error' in server) throw server.error;
    return 0;
  },
});

async function clientVersion(cli: Cli, server: SystemVersion | undefined): Promise<ClientVersion> {
  const engine = await cli.engine();
  return {
    version: CLIENT_VERSION,
    apiVersion: server ? await engine.version(cli.ctx) : (cli.env['DOCKER_API_VERSION'] ?? MAX_API_VERSION),
    defaultApiVersion: MAX_API_VERSION,
    gitCommit: GIT_COMMIT,
    buildTime: BUILD_TIME,
    context: engine.endpoint.context,
  };
}
