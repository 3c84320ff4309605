import { defineCommand, minArgs } from '../command.ts';
import { CREATE_FLAGS } from '../container/flags.ts';
import { makeContainer, prepareRequest } from '../container/prepare.ts';
import { EXIT_ENGINE_ERROR } from '../exit.ts';
import { withPointer } from '../pointer.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: CREATE_FLAGS,
  args: minArgs(1),
  interspersed: false,
  run: async (cli, flags, args) => {
    const engine = await cli.engine();
    const request = await prepareRequest(cli, engine, flags, args).catch((error: unknown) => {
      throw withPointer(error, 'create', EXIT_ENGINE_ERROR);
    });
    cli.stdout.write(`${await makeContainer(cli, engine, flags, request)}\n`);
    return 0;
  },
});
