import { killContainer } from '../../client/containers.ts';
import { defineCommand, minArgs } from '../command.ts';
import { forEachName } from '../each.ts';
import { string } from '../flags/scalars.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: { signal: string('Signal to send (default SIGKILL)', '', { short: 's' }) },
  args: minArgs(1),
  run: async (cli, { signal }, names) => {
    const engine = await cli.engine();
    return forEachName(cli, names, (name) => killContainer(cli.ctx, engine, name, signal));
  },
});
