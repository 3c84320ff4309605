import { inspectContainerRaw } from '../../client/containers.ts';
import { defineCommand, minArgs } from '../command.ts';
import { bool, string } from '../flags/scalars.ts';
import { VALUE_FORMAT_HELP } from '../format/texts.ts';
import { inspectAll } from '../inspect.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    format: string(VALUE_FORMAT_HELP, '', { short: 'f' }),
    size: bool('Include file sizes', { short: 's' }),
  },
  args: minArgs(1),
  run: async (cli, { format, size }, names) => {
    const engine = await cli.engine();
    return inspectAll(cli, names, format, async (name) => ({
      kind: 'Container',
      raw: await inspectContainerRaw(cli.ctx, engine, name, size),
    }));
  },
});
