import { EngineError, isEngineError } from '../../base/errors.ts';
import {
  attachContainer,
  inspectContainer,
  killContainer,
  resizeContainer,
  startContainer,
  waitContainer,
} from '../../client/containers.ts';
import type { Engine } from '../../client/engine.ts';
import type { Cli } from '../cli-context.ts';
import { defineCommand, minArgs } from '../command.ts';
import { exitCode } from '../container/exit-code.ts';
import { bool, string } from '../flags/scalars.ts';
import { bridge } from '../terminal/bridge.ts';
import { SignalProxy } from '../terminal/signal-proxy.ts';
import { WindowSize } from '../terminal/window-size.ts';

export const command = defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  flags: {
    attach: bool('Show its output and pass signals on', { short: 'a' }),
    detachKeys: string('Keys that disconnect the terminal (ctrl-p,ctrl-q)'),
    interactive: bool('Connect stdin too', { short: 'i' }),
  },
  args: minArgs(1),
  run: async (cli, { attach, detachKeys, interactive }, names) => {
    const engine = await cli.engine();
    if (!attach && !interactive) return startAll(cli, engine, names);
    if (names.length > 1)
      throw new EngineError('invalid', 'you cannot start and attach multiple containers at once');
    return startAttached(cli, engine, names[0] ?? '', interactive, detachKeys);
  },
});

async function startAll(cli: Cli, engine: Engine, names: readonly string[]): Promise<number> {
  const failed: string[] = [];
  for (const name of names) {
    try {
      await startContainer(cli.ctx, engine, name);
      cli.stdout.write(`${name}\n`);
    } catch (error) {
      if (!isEngineError(error) || error.kind === 'cancelled') throw error;
      cli.stderr.write(`${error.message}\n`);
      failed.push(name);
    }
  }
  if (failed.length === 0) return 0;
  cli.stderr.write(`Error: failed to start containers: ${failed.join(', ')}\n`);
  return 1;
}

async function startAttached(
  cli: Cli,
  engine: Engine,
  name: string,
  interactive: boolean,
  keys: string,
): Promise<number> {
  const { Id, Config, HostConfig } = await inspectContainer(cli.ctx, engine, name);
  const tty = Config.Tty === true;
  const stdin = interactive && Config.OpenStdin === true;
  const detachKeys = keys || cli.config().detachKeys || '';
  using _signals = tty
    ? undefined
    : new SignalProxy(cli, (signal) => killContainer(cli.ctx, engine, Id, signal));
  const [socket, wait] = await Promise.all([
    attachContainer(cli.ctx, engine, Id, {
      stream: true,
      stdin: stdin || undefined,
      stdout: true,
      stderr: true,
      detachKeys: detachKeys || undefined,
    }),
    waitContainer(cli.ctx, engine, Id, HostConfig.AutoRemove ? 'removed' : 'next-exit'),
  ]);
  const stdio = bridge(cli, socket, { tty, stdin, output: true, detachKeys });
  try {
    await startContainer(cli.ctx, engine, Id);
  } catch (error) {
    socket.destroy();
    await Promise.allSettled([stdio]);
    throw error;
  }
  using _size =
    tty && cli.stdout.isTTY
      ? new WindowSize(cli, (height, width) => resizeContainer(cli.ctx, engine, Id, height, width))
      : undefined;
  return (await stdio) === 'detached' ? 0 : exitCode(await wait.result);
}
