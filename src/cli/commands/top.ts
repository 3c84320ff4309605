import { topContainer } from '../../client/containers.ts';
import { alignColumns } from '../../formats/tabwriter.ts';
import { defineCommand, minArgs } from '../command.ts';

const STYLE = { min: 20, padding: 3 };

export const command = defineCommand({
  usage: 'CONTAINER [ps OPTIONS]',
  flags: {},
  args: minArgs(1),
  interspersed: false,
  run: async (cli, _flags, [container = '', ...psArgs]) => {
    const { Titles, Processes } = await topContainer(
      cli.ctx,
      await cli.engine(),
      container,
      psArgs.join(' '),
    );
    const lines = [Titles, ...Processes].map((cells) => cells.join('\t'));
    cli.stdout.write(alignColumns(`${lines.join('\n')}\n`, STYLE));
    return 0;
  },
});
