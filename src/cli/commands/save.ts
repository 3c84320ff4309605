import { pipeline } from 'node:stream/promises';
import { EngineError } from '../../base/errors.ts';
import { saveImages } from '../../client/images.ts';
import { defineCommand, minArgs } from '../command.ts';
import { checkOutput, writeWhole } from '../files.ts';
import { platform } from '../flags/platform.ts';
import { string } from '../flags/scalars.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    output: string('File to write instead of stdout', '', { short: 'o' }),
    platform: platform('Save only this platform: OS[/ARCH[/VARIANT]]', { since: '1.48' }),
  },
  args: minArgs(1),
  run: async (cli, { output, platform: wanted }, names) => {
    if (output === '' && cli.stdout.isTTY) {
      throw new EngineError(
        'invalid',
        'cowardly refusing to save to a terminal. Use the -o flag or redirect',
      );
    }
    if (output !== '') await checkOutput(output);
    const { body } = await saveImages(cli.ctx, await cli.engine(), names, wanted);
    if (output === '') await pipeline(body, cli.stdout, { end: false, signal: cli.ctx.signal });
    else await writeWhole(cli.ctx, output, body);
    return 0;
  },
});
