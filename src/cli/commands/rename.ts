import { EngineError } from '../../base/errors.ts';
import { renameContainer } from '../../client/containers.ts';
import { defineCommand, exactArgs } from '../command.ts';

export const command = defineCommand({
  usage: 'CONTAINER NEW_NAME',
  flags: {},
  args: exactArgs(2),
  run: async (cli, _flags, [container = '', name = '']) => {
    if (container.trim() === '' || name.trim() === '') {
      throw new EngineError('invalid', 'Error: Neither old nor new names may be empty');
    }
    await renameContainer(cli.ctx, await cli.engine(), container.trim(), name.trim());
    return 0;
  },
});
