import { inspectContainer } from '../../client/containers.ts';
import type { Engine } from '../../client/engine.ts';
import { attachExec, createExec, inspectExec, resizeExec, startExec } from '../../client/execs.ts';
import type { ExecCreateRequest } from '../../wire/types-exec.ts';
import type { Cli } from '../cli-context.ts';
import { defineCommand, minArgs } from '../command.ts';
import { checkEnv, collectEnv } from '../container/env.ts';
import { DETACHED, ExitError } from '../exit.ts';
import { list } from '../flags/lists.ts';
import { bool, string } from '../flags/scalars.ts';
import { bridge } from '../terminal/bridge.ts';
import { checkTty } from '../terminal/tty-check.ts';
import { terminalSize, WindowSize } from '../terminal/window-size.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  flags: {
    detach: bool('Leave it running in the background', { short: 'd' }),
    detachKeys: string('Keys that disconnect the terminal (ctrl-p,ctrl-q)'),
    env: list('Set a variable: NAME=VALUE, or NAME to pass it on', { short: 'e' }, checkEnv),
    envFile: list('Read variables from a file'),
    interactive: bool('Keep stdin open', { short: 'i' }),
    privileged: bool('Lift all confinement'),
    tty: bool('Give the process a terminal', { short: 't' }),
    user: string('User and group: NAME|UID[:GROUP|GID]', '', { short: 'u' }),
    workdir: string('Working directory', '', { short: 'w' }),
  },
  args: minArgs(2),
  interspersed: false,
  run: async (cli, flags, [container = '', ...argv]) => {
    const engine = await cli.engine();
    const stdin = flags.interactive && !flags.detach;
    if (stdin && flags.tty && !cli.stdin.isTTY) {
      // Whether there is such a container matters more than the terminal.
      await inspectContainer(cli.ctx, engine, container);
      checkTty(cli, stdin, flags.tty);
    }
    const request: ExecCreateRequest = {
      User: flags.user,
      Privileged: flags.privileged,
      Tty: flags.tty,
      ...(flags.tty && { ConsoleSize: terminalSize(cli) }),
      AttachStdin: stdin,
      AttachStdout: !flags.detach,
      AttachStderr: !flags.detach,
      DetachKeys: flags.detachKeys || cli.config().detachKeys || '',
      Env: await collectEnv(flags.envFile, flags.env, cli.env),
      WorkingDir: flags.workdir,
      Cmd: argv,
    };
    const id = await createExec(cli.ctx, engine, container, request);
    if (!flags.detach) return runExec(cli, engine, id, request);
    await startExec(cli.ctx, engine, id, { Detach: true, Tty: flags.tty });
    return 0;
  },
});

async function runExec(cli: Cli, engine: Engine, id: string, request: ExecCreateRequest): Promise<number> {
  const tty = request.Tty === true;
  const stdin = request.AttachStdin === true;
  const size = tty ? { ConsoleSize: terminalSize(cli) } : {};
  const socket = await attachExec(cli.ctx, engine, id, { Tty: tty, ...size });
  const detachKeys = request.DetachKeys ?? '';
  const stdio = bridge(cli, socket, { tty, stdin, output: true, detachKeys });
  using _size =
    tty && cli.stdout.isTTY
      ? new WindowSize(cli, (height, width) => resizeExec(cli.ctx, engine, id, height, width))
      : undefined;
  if ((await stdio) === 'detached') throw new ExitError(1, DETACHED);
  return (await inspectExec(cli.ctx, engine, id)).ExitCode ?? 0;
}
