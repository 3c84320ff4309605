import { importImage } from '../../client/images.ts';
import { defineCommand, minArgs } from '../command.ts';
import { openInput } from '../files.ts';
import { list } from '../flags/lists.ts';
import { string } from '../flags/scalars.ts';
import { showProgress } from '../progress/display.ts';

const URL_SOURCE = /^https?:\/\//;

export const command = defineCommand({
  usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
  flags: {
    change: list('Apply a Dockerfile instruction to the image', { short: 'c' }),
    message: string('Comment of the image', '', { short: 'm' }),
    platform: string('Platform of the image: OS[/ARCH[/VARIANT]]'),
  },
  args: minArgs(1),
  run: async (cli, { change, message, platform }, [source = '', repo]) => {
    const remote = URL_SOURCE.test(source);
    const body = remote ? undefined : source === '-' ? cli.stdin : await openInput(source);
    const query = {
      fromSrc: remote ? source : '-',
      repo,
      message: message || undefined,
      changes: change.length > 0 ? change : undefined,
      platform: platform || undefined,
    };
    const reply = await importImage(cli.ctx, await cli.engine(), query, body);
    await showProgress(reply.body, cli.stdout);
    return 0;
  },
});
