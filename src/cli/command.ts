import type { Cli } from './cli-context.ts';
import { ArgumentError } from './exit.ts';
import type { FlagSet, Values } from './flags/flag.ts';

/** How many arguments a command takes; throws {@link ArgumentError} with `path` (`gantry run`) in the message. */
export type ArgsRule = (path: string, count: number) => void;

/** One command: everything but its name and summary, which stand in the tree so that listing them loads nothing. */
export interface Command<F extends FlagSet = FlagSet> {
  /** What follows the command's name in the usage line. */
  readonly usage: string;
  readonly flags: F;
  readonly args: ArgsRule;
  /** False when flags end at the first argument because the rest belongs to somebody else. */
  readonly interspersed: boolean;
  /** Shown below the flags. */
  readonly notes: string;
  /** Does the work; answers the exit code. `given` has the keys of the flags that were there. */
  run(cli: Cli, flags: Values<F>, args: readonly string[], given: ReadonlySet<string>): Promise<number>;
}

/** A command from its parts. */
export function defineCommand<F extends FlagSet>(
  parts: Pick<Command<F>, 'usage' | 'flags' | 'args' | 'run'> & Partial<Command<F>>,
): Command<F> {
  return { interspersed: true, notes: '', ...parts };
}

function plural(count: number): string {
  return count === 1 ? `${count} argument` : `${count} arguments`;
}

export const noArgs: ArgsRule = (path, count) => {
  if (count > 0) throw new ArgumentError(`'${path}' accepts no arguments`, 'Run');
};

export function minArgs(least: number): ArgsRule {
  return (path, count) => {
    if (count < least) throw new ArgumentError(`'${path}' requires at least ${plural(least)}`, 'See');
  };
}

export function maxArgs(most: number): ArgsRule {
  return (path, count) => {
    if (count > most) throw new ArgumentError(`'${path}' requires at most ${plural(most)}`, 'Run');
  };
}

export function exactArgs(want: number): ArgsRule {
  return (path, count) => {
    if (count !== want) throw new ArgumentError(`'${path}' requires ${plural(want)}`, 'Run');
  };
}

export function rangeArgs(least: number, most: number): ArgsRule {
  return (path, count) => {
    if (count < least || count > most) {
      throw new ArgumentError(`'${path}' requires at least ${least} and at most ${plural(most)}`, 'Run');
    }
  };
}
