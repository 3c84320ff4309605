import { EngineError } from '../../base/errors.ts';
import {
  attachContainer,
  inspectContainer,
  killContainer,
  resizeContainer,
  waitContainer,
} from '../../client/containers.ts';
import type { ContainerState } from '../../wire/types-container.ts';
import { defineCommand, exactArgs } from '../command.ts';
import { exitCode } from '../container/exit-code.ts';
import { DETACHED, ExitError } from '../exit.ts';
import { bool, boolOn, string } from '../flags/scalars.ts';
import { bridge } from '../terminal/bridge.ts';
import { SignalProxy } from '../terminal/signal-proxy.ts';
import { checkTty } from '../terminal/tty-check.ts';
import { terminalSize, WindowSize } from '../terminal/window-size.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER',
  flags: {
    detachKeys: string('Keys that disconnect the terminal (ctrl-p,ctrl-q)'),
    noStdin: bool("Don't connect stdin"),
    sigProxy: boolOn('Pass signals on to the process'),
  },
  args: exactArgs(1),
  run: async (cli, flags, [name = '']) => {
    const engine = await cli.engine();
    const { Id, Config, State } = await inspectContainer(cli.ctx, engine, name);
    checkState(State);
    const tty = Config.Tty === true;
    const stdin = !flags.noStdin && Config.OpenStdin === true;
    checkTty(cli, stdin, tty);
    const detachKeys = flags.detachKeys || cli.config().detachKeys || '';
    using _signals =
      flags.sigProxy && !tty
        ? new SignalProxy(cli, (signal) => killContainer(cli.ctx, engine, Id, signal))
        : undefined;
    const query = { stream: true, stdin: stdin || undefined, stdout: true, stderr: true };
    const [socket, wait] = await Promise.all([
      attachContainer(cli.ctx, engine, Id, { ...query, detachKeys: detachKeys || undefined }),
      waitContainer(cli.ctx, engine, Id),
    ]);
    const resize = (height: number, width: number) => resizeContainer(cli.ctx, engine, Id, height, width);
    if (tty && cli.stdout.isTTY) {
      // A program redraws its screen when the size changes: make it change.
      const [height, width] = terminalSize(cli);
      await resize(height + 1, width + 1).catch(() => {});
    }
    using _size = tty && cli.stdout.isTTY ? new WindowSize(cli, resize) : undefined;
    const end = await bridge(cli, socket, { tty, stdin, output: true, detachKeys });
    if (end === 'detached') throw new ExitError(1, DETACHED);
    return exitCode(await wait.result);
  },
});

function checkState({ Running, Paused, Restarting }: ContainerState): void {
  const refuse = (why: string): never => {
    throw new EngineError('conflict', why);
  };
  if (!Running) refuse('You cannot attach to a stopped container, start it first');
  if (Paused) refuse('You cannot attach to a paused container, unpause it first');
  if (Restarting) refuse('You cannot attach to a restarting container, wait until it is running');
}
