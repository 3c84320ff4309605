import type { Cli } from '../cli-context.ts';
import { ExitError } from '../exit.ts';

/** Refuses `-it` when there is no terminal to connect. */
export function checkTty(cli: Cli, attachStdin: boolean, tty: boolean): void {
  if (attachStdin && tty && !cli.stdin.isTTY) throw new ExitError(1, 'the input device is not a TTY');
}
