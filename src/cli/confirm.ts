import { createInterface } from 'node:readline/promises';
import type { Cli } from './cli-context.ts';

/** Asks on the terminal; anything but `y` is a no. */
export async function confirm(cli: Cli, warning: string): Promise<boolean> {
  const reader = createInterface({ input: cli.stdin, output: cli.stdout });
  try {
    const answer = await reader.question(`${warning}\nAre you sure you want to continue? [y/N] `, {
      signal: cli.ctx.signal,
    });
    return answer.trim().toLowerCase() === 'y';
  } finally {
    reader.close();
  }
}
