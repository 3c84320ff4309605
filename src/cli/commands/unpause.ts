import { unpauseContainer } from '../../client/containers.ts';
import { defineCommand, minArgs } from '../command.ts';
import { forEachName } from '../each.ts';

export const command = defineCommand({
  usage: 'CONTAINER [CONTAINER...]',
  flags: {},
  args: minArgs(1),
  run: async (cli, _flags, names) => {
    const engine = await cli.engine();
    return forEachName(cli, names, (name) => unpauseContainer(cli.ctx, engine, name));
  },
});
