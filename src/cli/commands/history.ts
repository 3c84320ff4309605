import { imageHistory } from '../../client/images.ts';
import { defineCommand, exactArgs } from '../command.ts';
import { platform } from '../flags/platform.ts';
import { bool, boolOn, string } from '../flags/scalars.ts';
import { chooseFormat } from '../format/choose.ts';
import { HISTORY_EXACT_TABLE, HISTORY_TABLE, historyColumns } from '../format/history-columns.ts';
import { renderRows } from '../format/table.ts';
import { FORMAT_HELP } from '../format/texts.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE',
  flags: {
    format: string(FORMAT_HELP),
    human: boolOn('Print sizes and dates for people', { short: 'H' }),
    noTrunc: bool("Don't shorten the output"),
    platform: platform('Show this platform of the image: OS[/ARCH[/VARIANT]]', { since: '1.48' }),
    quiet: bool('Show image IDs only', { short: 'q' }),
  },
  args: exactArgs(1),
  run: async (cli, flags, [image = '']) => {
    const items = await imageHistory(cli.ctx, await cli.engine(), image, flags.platform);
    const format = chooseFormat(cli, flags, undefined, flags.human ? HISTORY_TABLE : HISTORY_EXACT_TABLE);
    cli.stdout.write(renderRows(historyColumns(!flags.noTrunc, flags.human, Date.now()), items, format));
    return 0;
  },
});
