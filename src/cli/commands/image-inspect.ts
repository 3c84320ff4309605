import { inspectImageRaw } from '../../client/images.ts';
import { defineCommand, minArgs } from '../command.ts';
import { platform } from '../flags/platform.ts';
import { string } from '../flags/scalars.ts';
import { VALUE_FORMAT_HELP } from '../format/texts.ts';
import { inspectAll } from '../inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    format: string(VALUE_FORMAT_HELP, '', { short: 'f' }),
    platform: platform('Inspect this platform of the image: OS[/ARCH[/VARIANT]]', { since: '1.49' }),
  },
  args: minArgs(1),
  run: async (cli, flags, names) => {
    const engine = await cli.engine();
    return inspectAll(cli, names, flags.format, async (name) => ({
      kind: 'Image',
      raw: await inspectImageRaw(cli.ctx, engine, name, flags.platform),
    }));
  },
});
