import { pruneContainers } from '../../client/containers.ts';
import { humanSize } from '../../formats/units.ts';
import { defineCommand, noArgs } from '../command.ts';
import { confirm } from '../confirm.ts';
import { filters } from '../flags/lists.ts';
import { bool } from '../flags/scalars.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    filter: { ...filters('Remove only what matches, such as until=24h'), short: undefined },
    force: bool("Don't ask", { short: 'f' }),
  },
  args: noArgs,
  run: async (cli, { filter, force }) => {
    if (!force && !(await confirm(cli, 'WARNING! This will remove all stopped containers.'))) return 1;
    const { ContainersDeleted, SpaceReclaimed } = await pruneContainers(cli.ctx, await cli.engine(), filter);
    const removed = (ContainersDeleted ?? []).map((id) => `${id}\n`).join('');
    const list = removed === '' ? '' : `Deleted Containers:\n${removed}\n`;
    cli.stdout.write(`${list}Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
    return 0;
  },
});
