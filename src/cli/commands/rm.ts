import { EngineError } from '../../base/errors.ts';
import { removeContainer } from '../../client/containers.ts';
import { isDaemonError } from '../../client/daemon-error.ts';
import { defineCommand, minArgs } from '../command.ts';
import { forEachName } from '../each.ts';
import { bool } from '../flags/scalars.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    force: bool('Kill running containers first', { short: 'f' }),
    link: bool('Remove the link of that name, not the container', { short: 'l' }),
    volumes: bool('Remove anonymous volumes too', { short: 'v' }),
  },
  args: minArgs(1),
  run: async (cli, { force, link, volumes }, names) => {
    const engine = await cli.engine();
    const query = { v: volumes || undefined, force: force || undefined, link: link || undefined };
    const remove = async (name: string) => {
      const id = name.replace(/^\/+|\/+$/g, '');
      if (id === '') throw new EngineError('invalid', 'container name cannot be empty');
      await removeContainer(cli.ctx, engine, id, query);
    };
    return forEachName(cli, names, remove, (error) => force && isDaemonError(error, 404));
  },
});
