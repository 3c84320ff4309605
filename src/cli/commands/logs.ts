import { containerLogs, inspectContainer } from '../../client/containers.ts';
import { copy, demultiplex } from '../../client/demux.ts';
import { apiTimestamp } from '../../formats/timestamp.ts';
import { defineCommand, exactArgs } from '../command.ts';
import { bool, string } from '../flags/scalars.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  flags: {
    details: bool('Show attributes given to the log driver'),
    follow: bool('Keep showing new output', { short: 'f' }),
    since: string('Start at a time, or a duration ago such as 42m'),
    tail: string('Lines to show from the end', 'all', { short: 'n' }),
    timestamps: bool('Show times', { short: 't' }),
    until: string('End at a time, or a duration ago such as 42m'),
  },
  args: exactArgs(1),
  run: async (cli, { details, follow, since, tail, timestamps, until }, [container = '']) => {
    const engine = await cli.engine();
    const now = Date.now();
    const { Config, Id } = await inspectContainer(cli.ctx, engine, container);
    const { body } = await containerLogs(cli.ctx, engine, Id, {
      stdout: true,
      stderr: true,
      follow: follow || undefined,
      timestamps: timestamps || undefined,
      details: details || undefined,
      tail,
      since: since === '' ? undefined : apiTimestamp(since, now),
      until: until === '' ? undefined : apiTimestamp(until, now),
    });
    if (Config.Tty) await copy(body, cli.stdout);
    else await demultiplex(body, cli.stdout, cli.stderr);
    return 0;
  },
});
