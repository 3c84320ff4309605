import { pruneImages } from '../../client/images.ts';
import { humanSize } from '../../formats/units.ts';
import type { ImageDeleteItem } from '../../wire/types-image.ts';
import { defineCommand, noArgs } from '../command.ts';
import { confirm } from '../confirm.ts';
import { filters } from '../flags/lists.ts';
import { bool } from '../flags/scalars.ts';

const WARNING_DANGLING = 'WARNING! This will remove all dangling images.';
const WARNING_ALL = 'WARNING! This will remove all images without at least one container associated to them.';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    all: bool('Remove all images that no container uses, not just untagged ones', { short: 'a' }),
    filter: { ...filters('Remove only what matches, such as until=24h'), short: undefined },
    force: bool("Don't ask", { short: 'f' }),
  },
  args: noArgs,
  run: async (cli, { all, filter, force }) => {
    if (!force && !(await confirm(cli, all ? WARNING_ALL : WARNING_DANGLING))) return 1;
    const wanted = { ...filter, dangling: [String(!all)] };
    const { ImagesDeleted, SpaceReclaimed } = await pruneImages(cli.ctx, await cli.engine(), wanted);
    const removed = (ImagesDeleted ?? []).map(line).join('');
    const list = removed === '' ? '' : `Deleted Images:\n${removed}\n`;
    cli.stdout.write(`${list}Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
    return 0;
  },
});

function line({ Untagged, Deleted }: ImageDeleteItem): string {
  return Untagged ? `untagged: ${Untagged}\n` : `deleted: ${Deleted}\n`;
}
