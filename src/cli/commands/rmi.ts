import { isEngineError } from '../../base/errors.ts';
import { isDaemonError } from '../../client/daemon-error.ts';
import { removeImage } from '../../client/images.ts';
import { defineCommand, minArgs } from '../command.ts';
import { listOf } from '../flags/lists.ts';
import { toOciPlatform } from '../flags/platform.ts';
import { bool } from '../flags/scalars.ts';

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [IMAGE...]',
  flags: {
    force: bool('Remove even when several names or stopped containers use it', { short: 'f' }),
    noPrune: bool('Keep untagged parents'),
    platform: listOf('Remove only this platform: OS[/ARCH[/VARIANT]]', toOciPlatform, { since: '1.50' }),
  },
  args: minArgs(1),
  run: async (cli, { force, noPrune, platform }, names) => {
    const engine = await cli.engine();
    const query = {
      force: force || undefined,
      noprune: noPrune || undefined,
      platforms: platform.length > 0 ? platform.map((each) => JSON.stringify(each)) : undefined,
    };
    const errors: Error[] = [];
    for (const name of names) {
      try {
        for (const { Untagged, Deleted } of await removeImage(cli.ctx, engine, name, query)) {
          cli.stdout.write(Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged}\n`);
        }
      } catch (error) {
        if (!isEngineError(error) || error.kind === 'cancelled') throw error;
        errors.push(error);
      }
    }
    for (const error of errors) cli.stderr.write(`${error.message}\n`);
    return errors.every((error) => force && isDaemonError(error, 404)) ? 0 : 1;
  },
});
