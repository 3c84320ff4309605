import { EngineError } from '../../base/errors.ts';
import { renameContainer } from '../../client/containers.ts';
import { isDaemonError } from '../../client/daemon-error.ts';
import { defineCommand, exactArgs } from '../command.ts';

export const command = defineCommand({
  usage: 'CONTAINER NEW_NAME',
  flags: {},
  args: exactArgs(2),
  run: async (cli, _flags, [container = '', name = '']) => {
    if (container.trim() === '' || name.trim() === '') {
      throw new EngineError('invalid', 'Error: Neither old nor new names may be empty');
    }
    try {
      await renameContainer(cli.ctx, await cli.engine(), container.trim(), name.trim());
      return 0;
    } catch (error) {
      if (!isDaemonError(error)) throw error;
      cli.stderr.write(`${error.message}\nError: failed to rename container named ${container.trim()}\n`);
      return 1;
    }
  },
});
