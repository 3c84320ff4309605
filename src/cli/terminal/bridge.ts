import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { copy, demultiplex } from '../../client/demux.ts';
import { DetachFilter, parseDetachKeys } from '../../formats/detach-keys.ts';
import type { Cli } from '../cli-context.ts';
import { RawMode } from './raw-mode.ts';

/** What to connect to a hijacked connection. */
export interface BridgeOptions {
  tty: boolean;
  stdin: boolean;
  /** Show stdout and stderr. */
  output: boolean;
  /** Such as `ctrl-p,ctrl-q`; empty for these. */
  detachKeys: string;
}

export type BridgeEnd = 'ended' | 'detached';

/**
 * Connects this program's stdio to `socket` until the other side has sent all it has, or the user has typed the detach
 * keys. The end of stdin closes our half only. On a terminal, input is raw and nothing else gets in between.
 */
export async function bridge(cli: Cli, socket: Duplex, options: BridgeOptions): Promise<BridgeEnd> {
  const raw = options.tty && options.stdin && cli.stdin.isTTY ? new RawMode(cli.stdin) : undefined;
  const stop = new AbortController();
  try {
    const ends: Promise<BridgeEnd>[] = [receive(cli, socket, options).then(() => 'ended' as const)];
    if (options.stdin) ends.push(send(cli, socket, options, stop.signal));
    return await Promise.race(ends);
  } finally {
    stop.abort();
    raw?.[Symbol.dispose]();
    socket.destroy();
  }
}

async function receive(cli: Cli, socket: Duplex, { tty, output }: BridgeOptions): Promise<void> {
  if (!output) {
    socket.resume();
    await once(socket, 'end');
  } else if (tty) await copy(socket, cli.stdout);
  else await demultiplex(socket, cli.stdout, cli.stderr);
}

/** Settles only when the user detaches: the end of the input is not the end of the connection. */
function send(
  cli: Cli,
  socket: Duplex,
  { tty, detachKeys }: BridgeOptions,
  stopped: AbortSignal,
): Promise<BridgeEnd> {
  const filter = tty ? new DetachFilter(parseDetachKeys(detachKeys)) : undefined;
  const { stdin } = cli;
  return new Promise((resolve) => {
    const onData = (chunk: Buffer): void => {
      const { data, detached } = filter ? filter.push(chunk) : { data: chunk, detached: false };
      if (!socket.write(data)) {
        stdin.pause();
        socket.once('drain', () => stdin.resume());
      }
      if (detached) resolve('detached');
    };
    const onEnd = (): void => {
      socket.end();
    };
    stdin.on('data', onData).on('end', onEnd).on('error', onEnd);
    // A daemon that no longer takes input still has output to deliver.
    socket.on('error', () => {});
    stopped.addEventListener('abort', () => {
      stdin.off('data', onData).off('end', onEnd).off('error', onEnd).pause();
      stdin.unref?.();
    });
  });
}
