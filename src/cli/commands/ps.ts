import { listContainers } from '../../client/containers.ts';
import { defineCommand, noArgs } from '../command.ts';
import { filters } from '../flags/lists.ts';
import { bool, int, string } from '../flags/scalars.ts';
import { chooseFormat } from '../format/choose.ts';
import { containerColumns, PS_TABLE } from '../format/container-columns.ts';
import { renderRows } from '../format/table.ts';
import { FORMAT_HELP } from '../format/texts.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    all: bool('Show stopped containers too', { short: 'a' }),
    filter: filters('Show only what matches, such as status=exited or label=KEY=VALUE'),
    format: string(FORMAT_HELP),
    last: int('Show the last created containers, in any state', -1, { short: 'n' }),
    latest: bool('Show the last created container, in any state', { short: 'l' }),
    noTrunc: bool("Don't shorten the output"),
    quiet: bool('Show IDs only', { short: 'q' }),
    size: bool('Show file sizes', { short: 's' }),
  },
  args: noArgs,
  run: async (cli, flags) => {
    const { psFormat } = await cli.config();
    const format = chooseFormat(cli, flags, psFormat, size(PS_TABLE, flags.size));
    const limit = flags.latest && flags.last === -1 ? 1 : flags.last;
    const containers = await listContainers(cli.ctx, await cli.engine(), {
      ...(flags.all && { all: true }),
      ...(limit > 0 && { limit }),
      ...((flags.size || /\.Size\b/.test(format)) && !flags.quiet && { size: true }),
      ...(Object.keys(flags.filter).length > 0 && { filters: flags.filter }),
    });
    cli.stdout.write(renderRows(containerColumns(!flags.noTrunc, Date.now()), containers, format));
    return 0;
  },
});

function size(table: string, wanted: boolean): string {
  return wanted ? `${table}\\t{{.Size}}` : table;
}
