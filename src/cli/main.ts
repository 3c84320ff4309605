import { isEngineError, messageOf } from '../base/errors.ts';
import { compareVersions } from '../client/version.ts';
import type { Cli, Env } from './cli-context.ts';
import type { Command } from './command.ts';
import { ArgumentError, EXIT_ENGINE_ERROR, ExitError, UsageError } from './exit.ts';
import { type FlagSet, flagName } from './flags/flag.ts';
import { parseFlags } from './flags/parse.ts';
import { GLOBALS } from './globals.ts';
import { commandHelp, groupHelp, rootHelp, usageLine } from './help.ts';
import { Interrupt } from './interrupt.ts';
import { PROGRAM } from './pointer.ts';
import { find, type Group, type Leaf } from './tree.ts';
import { CLIENT_VERSION, GIT_COMMIT } from './version-info.ts';

/** Where an error happened, for the usage line and the pointer below it. */
interface Place {
  path: string;
  usage: string;
}

const ROOT: Place = { path: '', usage: '[OPTIONS] COMMAND [ARG...]' };

/** Runs one command line; answers the exit code. Never throws. */
export async function main(argv: readonly string[], env: Env): Promise<number> {
  const interrupt = new Interrupt();
  let place = ROOT;
  let debug = false;
  try {
    const { values, args, help } = parseFlags(GLOBALS, argv, false);
    debug = values.debug;
    if (values.version) return print(`Gantry version ${CLIENT_VERSION}, build ${GIT_COMMIT}\n`);
    const words = args[0] === 'help' ? [...args.slice(1), '--help'] : args;
    if (args.length === 0 || (words.length === 1 && words[0] === '--help')) {
      return print(rootHelp(GLOBALS, columns()), help || args.length > 0 ? process.stdout : process.stderr);
    }
    const found = find(words);
    switch (found.kind) {
      case 'nothing':
        return unknownCommand(found.word, args[0] === 'help');
      case 'missing':
        throw new ExitError(1, `${PROGRAM}: '${found.path}' is not available yet in this version of Gantry`);
      case 'group':
        return group(found.group, found.rest, (where) => (place = where));
      case 'leaf': {
        const { command } = await found.leaf.load();
        place = { path: found.path, usage: command.usage };
        const { Session } = await import('./session.ts');
        const cli = new Session(env, values, interrupt);
        return await call(cli, found.leaf, command, found.path, help ? ['--help'] : found.rest);
      }
    }
  } catch (error) {
    if (debug) process.stderr.write(`${trace(error)}\n`);
    return report(error, place, interrupt);
  }
}

async function call(
  cli: Cli,
  leaf: Leaf,
  command: Command,
  path: string,
  argv: readonly string[],
): Promise<number> {
  const { values, given, args, help } = parseFlags(command.flags, argv, command.interspersed);
  if (help) {
    const deprecated = help === 'short' ? 'Flag shorthand -h has been deprecated, use --help\n' : '';
    return print(deprecated + commandHelp(path, leaf, command, columns()));
  }
  command.args(`${PROGRAM} ${path}`, args.length);
  await checkSupport(cli, command.flags, given);
  return command.run(cli, values, args, given);
}

/** Refuses flags the daemon does not have, before anything has happened. */
async function checkSupport(cli: Cli, flags: FlagSet, given: ReadonlySet<string>): Promise<void> {
  for (const key of given) {
    const flag = flags[key];
    const name = `"--${flagName(key)}"`;
    if (flag?.windowsOnly) throw new ExitError(1, `${name} is only supported by a daemon running on windows`);
    if (flag?.since === undefined) continue;
    const version = await (await cli.engine()).version(cli.ctx);
    if (compareVersions(version, flag.since) >= 0) continue;
    throw new ExitError(
      1,
      `${name} requires API version ${flag.since}, but the daemon's API version is ${version}`,
    );
  }
}

function group(found: Group, rest: readonly string[], at: (place: Place) => void): number {
  at({ path: found.name, usage: '' });
  const { args, help } = parseFlags({}, rest, true);
  if (help) return print(groupHelp(found, columns()));
  if (args.length === 0) return print(groupHelp(found, columns()), process.stderr);
  throw new ArgumentError(`unknown command: ${PROGRAM} ${found.name} ${args[0]}`, 'Run');
}

function unknownCommand(word: string, asTopic: boolean): number {
  if (asTopic) throw new ExitError(1, `unknown help topic: ${word}`);
  throw new ExitError(
    1,
    `${PROGRAM}: unknown command: ${PROGRAM} ${word}\n\nRun '${PROGRAM} --help' for more information`,
  );
}

function report(error: unknown, place: Place, interrupt: Interrupt): number {
  // Whatever broke then broke because the user wanted to leave.
  if (interrupt.signal.aborted && !(error instanceof ExitError)) return interrupt.exitCode;
  const complain = (text: string) => process.stderr.write(`${text}\n`);
  const command = place.path === '' ? PROGRAM : `${PROGRAM} ${place.path}`;
  const usage = place.path === '' ? `Usage:  ${PROGRAM} ${place.usage}` : usageLine(place.path, place.usage);
  if (error instanceof UsageError) {
    complain(`${error.message}\n\n${usage}\n\nRun '${command} --help' for more information`);
    return EXIT_ENGINE_ERROR;
  }
  if (error instanceof ArgumentError) {
    complain(
      `${PROGRAM}: ${error.message}\n\n${usage}\n\n${error.pointer} '${command} --help' for more information`,
    );
    return 1;
  }
  if (error instanceof ExitError) {
    if (error.message !== '') complain(error.message);
    return error.code;
  }
  if (isEngineError(error)) {
    complain(error.message);
    return 1;
  }
  complain(`${PROGRAM}: internal error: ${error instanceof Error ? error.stack : messageOf(error)}`);
  return 1;
}

/** Where an error comes from, and what caused it. */
function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.stack, ...(error.cause === undefined ? [] : [`caused by ${trace(error.cause)}`])].join('\n');
}

function print(text: string, to: NodeJS.WriteStream = process.stdout): number {
  to.write(text);
  return 0;
}

function columns(): number {
  return process.stdout.columns || 80;
}
