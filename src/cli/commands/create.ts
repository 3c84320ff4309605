import { defineCommand, minArgs } from '../command.ts';
import { CREATE_FLAGS } from '../container/flags.ts';
import { makeContainer, prepareRequest } from '../container/prepare.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: CREATE_FLAGS,
  args: minArgs(1),
  interspersed: false,
  engineErrors: true,
  run: async (cli, flags, args) => {
    const engine = await cli.engine();
    const request = await prepareRequest(cli, engine, flags, args);
    cli.stdout.write(`${await makeContainer(cli, engine, flags, request)}\n`);
    return 0;
  },
});
