import { restartContainer } from '../../client/containers.ts';
import { defineCommand, minArgs } from '../command.ts';
import { forEachName } from '../each.ts';
import { STOP_FLAGS, stopQuery } from '../stop-flags.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: STOP_FLAGS,
  args: minArgs(1),
  run: async (cli, values, names) => {
    const engine = await cli.engine();
    return forEachName(cli, names, (name) => restartContainer(cli.ctx, engine, name, stopQuery(values)));
  },
});
