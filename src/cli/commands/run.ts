import {
  attachContainer,
  killContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from '../../client/containers.ts';
import type { Engine } from '../../client/engine.ts';
import type { ContainerCreateRequest } from '../../wire/types-container.ts';
import type { Cli } from '../cli-context.ts';
import { defineCommand, minArgs } from '../command.ts';
import { exitCode } from '../container/exit-code.ts';
import { CREATE_FLAGS } from '../container/flags.ts';
import { makeContainer, prepareRequest, startErrorCode } from '../container/prepare.ts';
import { EXIT_ENGINE_ERROR, ExitError } from '../exit.ts';
import type { Values } from '../flags/flag.ts';
import { bool, boolOn, string } from '../flags/scalars.ts';
import { withPointer } from '../pointer.ts';
import { bridge } from '../terminal/bridge.ts';
import { SignalProxy } from '../terminal/signal-proxy.ts';
import { checkTty } from '../terminal/tty-check.ts';
import { WindowSize } from '../terminal/window-size.ts';

const FLAGS = {
  ...CREATE_FLAGS,
  detach: bool('Leave it running in the background and print its ID', { short: 'd' }),
  detachKeys: string('Keys that disconnect the terminal (ctrl-p,ctrl-q)'),
  sigProxy: boolOn('Pass signals on to the process'),
};

export const command = defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  flags: FLAGS,
  args: minArgs(1),
  interspersed: false,
  run: async (cli, flags, args) => {
    const engine = await cli.engine();
    const request = await prepareRequest(cli, engine, flags, args).catch((error: unknown) => {
      throw withPointer(error, 'run', EXIT_ENGINE_ERROR);
    });
    if (flags.detach) {
      if (flags.attach.length > 0) {
        throw new ExitError(1, 'conflicting options: cannot specify both --attach and --detach');
      }
      Object.assign(request, {
        AttachStdin: false,
        AttachStdout: false,
        AttachStderr: false,
        StdinOnce: false,
      });
    } else checkTty(cli, request.AttachStdin === true, flags.tty);
    try {
      return await runContainer(cli, engine, flags, request);
    } catch (error) {
      throw cli.ctx.signal.aborted ? error : withPointer(error, 'run', startErrorCode(error));
    }
  },
});

async function runContainer(
  cli: Cli,
  engine: Engine,
  flags: Values<typeof FLAGS>,
  request: ContainerCreateRequest,
): Promise<number> {
  const id = await makeContainer(cli, engine, flags, request);
  const output = request.AttachStdout === true || request.AttachStderr === true;
  if (!output) cli.stdout.write(`${id}\n`);
  if (!output && !request.AttachStdin) {
    await startContainer(cli.ctx, engine, id);
    return 0;
  }
  using _signals = flags.sigProxy
    ? new SignalProxy(cli, (signal) => killContainer(cli.ctx, engine, id, signal))
    : undefined;
  const detachKeys = flags.detachKeys || cli.config().detachKeys || '';
  // Both are in place before the start, so that neither the first output nor the end can be missed.
  const [socket, wait] = await Promise.all([
    attachContainer(cli.ctx, engine, id, {
      stream: true,
      stdin: request.AttachStdin || undefined,
      stdout: request.AttachStdout || undefined,
      stderr: request.AttachStderr || undefined,
      detachKeys: detachKeys || undefined,
    }),
    waitContainer(cli.ctx, engine, id, flags.rm ? 'removed' : 'next-exit'),
  ]);
  const stdio = bridge(cli, socket, {
    tty: flags.tty,
    stdin: request.AttachStdin === true,
    output,
    detachKeys,
  });
  try {
    await startContainer(cli.ctx, engine, id);
  } catch (error) {
    socket.destroy();
    await Promise.allSettled([stdio, ...(flags.rm ? [wait.result] : [])]);
    throw error;
  }
  using _size =
    flags.tty && cli.stdout.isTTY
      ? new WindowSize(cli, (height, width) => resizeContainer(cli.ctx, engine, id, height, width))
      : undefined;
  if ((await stdio) === 'detached' || !output) return 0;
  return exitCode(await wait.result);
}
