import { isEngineError } from '../../base/errors.ts';
import { UsageError } from '../exit.ts';
import { type Flag, type FlagSet, flagName, type Values } from './flag.ts';

export interface Parsed<F extends FlagSet> {
  values: Values<F>;
  /** Keys of the flags that were given. */
  given: ReadonlySet<string>;
  /** What is not a flag. */
  args: string[];
  /** Undeclared `--help`, or `-h` where the set has no such letter. */
  help: false | 'long' | 'short';
}

interface Entry {
  key: string;
  // biome-ignore lint/suspicious/noExplicitAny: see FlagSet
  flag: Flag<any>;
}

/**
 * Parses like spf13/pflag: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, `-abc`, `--`. With
 * `interspersed` false everything from the first argument on is left alone. Throws {@link UsageError}.
 */
export function parseFlags<F extends FlagSet>(
  set: F,
  argv: readonly string[],
  interspersed: boolean,
): Parsed<F> {
  const parser = new Parser(set, argv);
  parser.run(interspersed);
  return {
    // The one place where parsed values get their declared types.
    values: parser.values as Values<F>,
    given: parser.given,
    args: parser.args,
    help: parser.help,
  };
}

class Parser {
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  readonly args: string[] = [];
  help: false | 'long' | 'short' = false;
  readonly #long = new Map<string, Entry>();
  readonly #short = new Map<string, Entry>();
  readonly #argv: readonly string[];
  #at = 0;

  constructor(set: FlagSet, argv: readonly string[]) {
    this.#argv = argv;
    for (const [key, flag] of Object.entries(set)) {
      const entry = { key, flag };
      this.values[key] = flag.initial;
      for (const name of [flagName(key), ...flag.aliases]) this.#long.set(name, entry);
      if (flag.short !== undefined) this.#short.set(flag.short, entry);
    }
  }

  run(interspersed: boolean): void {
    while (this.#at < this.#argv.length && !this.help) {
      const arg = this.#argv[this.#at++] ?? '';
      if (arg === '--') {
        this.args.push(...this.#argv.slice(this.#at));
        return;
      }
      if (arg.startsWith('--')) this.#longFlag(arg);
      else if (arg.startsWith('-') && arg !== '-') this.#shortFlags(arg.slice(1));
      else if (interspersed) this.args.push(arg);
      else {
        this.args.push(...this.#argv.slice(this.#at - 1));
        return;
      }
    }
  }

  #longFlag(arg: string): void {
    const equals = arg.indexOf('=');
    const name = equals < 0 ? arg.slice(2) : arg.slice(2, equals);
    if (name === '' || name.startsWith('-')) throw new UsageError(`bad flag syntax: ${arg}`);
    const entry = this.#long.get(name);
    if (!entry) {
      if (name !== 'help') throw new UsageError(`unknown flag: --${name}`);
      this.help = 'long';
      return;
    }
    if (equals >= 0) this.#set(entry, arg.slice(equals + 1));
    else this.#set(entry, entry.flag.bare ?? this.#next(`flag needs an argument: --${name}`));
  }

  #shortFlags(letters: string): void {
    let rest = letters;
    while (rest !== '' && !this.help) {
      const letter = rest.slice(0, 1);
      const entry = this.#short.get(letter);
      if (!entry) {
        if (letter !== 'h') throw new UsageError(`unknown shorthand flag: '${letter}' in -${rest}`);
        this.help = 'short';
        return;
      }
      const tail = rest.slice(1);
      if (tail.length > 1 && tail.startsWith('=')) {
        this.#set(entry, tail.slice(1));
        return;
      }
      if (entry.flag.bare === undefined) {
        this.#set(entry, tail !== '' ? tail : this.#next(`flag needs an argument: '${letter}' in -${rest}`));
        return;
      }
      this.#set(entry, entry.flag.bare);
      rest = tail;
    }
  }

  #next(missing: string): string {
    const value = this.#argv[this.#at++];
    if (value === undefined) throw new UsageError(missing);
    return value;
  }

  #set({ key, flag }: Entry, text: string): void {
    try {
      this.values[key] = flag.parse(text, this.values[key]);
    } catch (error) {
      if (!isEngineError(error, 'invalid')) throw error;
      const shown = flag.short === undefined ? `--${flagName(key)}` : `-${flag.short}, --${flagName(key)}`;
      throw new UsageError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${error.message}`, {
        cause: error,
      });
    }
    this.given.add(key);
  }
}
