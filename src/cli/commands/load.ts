import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../base/errors.ts';
import { loadImages } from '../../client/images.ts';
import { defineCommand, noArgs } from '../command.ts';
import { openInput } from '../files.ts';
import { platform } from '../flags/platform.ts';
import { bool, string } from '../flags/scalars.ts';
import { showProgress } from '../progress/display.ts';

export const command = defineCommand({
  usage: '[OPTIONS]',
  flags: {
    input: string('Archive to read instead of stdin', '', { short: 'i' }),
    platform: platform('Load only this platform: OS[/ARCH[/VARIANT]]', { since: '1.48' }),
    quiet: bool('Print only the names of the images', { short: 'q' }),
  },
  args: noArgs,
  run: async (cli, { input, platform: wanted, quiet }) => {
    if (input === '' && cli.stdin.isTTY) {
      throw new EngineError('invalid', 'requested load from stdin, but stdin is empty');
    }
    const body = input === '' ? cli.stdin : await openInput(input);
    const query = { quiet: quiet || !cli.stdout.isTTY, ...(wanted && { platform: wanted }) };
    const reply = await loadImages(cli.ctx, await cli.engine(), query, body);
    if (reply.headers.get('content-type')?.includes('json')) await showProgress(reply.body, cli.stdout);
    else await pipeline(reply.body, cli.stdout, { end: false });
    return 0;
  },
});
