/**
 * One flag, declared. `parse` gets each occurrence's text and the value so far, and throws `invalid` with a reason that
 * ends up after `invalid argument "x" for "--name" flag: `.
 */
export interface Flag<T> {
  readonly help: string;
  /** One letter. */
  readonly short: string | undefined;
  /** The kind of value, as help shows it; undefined for switches. */
  readonly kind: string | undefined;
  /** The value when the flag is absent. */
  readonly initial: T;
  /** How help shows the default. */
  readonly shown: string | undefined;
  /** What a bare `--name` means; undefined when a value must follow. */
  readonly bare: string | undefined;
  readonly parse: (text: string, previous: T) => T;
  /** Heading in long helps. */
  readonly section: string | undefined;
  /** Other names it answers to, not shown. */
  readonly aliases: readonly string[];
  /** Accepted but not shown. */
  readonly hidden: boolean;
  /** The API version it needs. */
  readonly since: string | undefined;
  /** Known, and refused: only daemons on Windows have it. */
  readonly windowsOnly: boolean;
}

/** Flags by camel-case name; `noTrunc` is `--no-trunc` on the command line. */
// biome-ignore lint/suspicious/noExplicitAny: each flag has a value type of its own, and only Values may name it
export type FlagSet = Readonly<Record<string, Flag<any>>>;

/** The parsed values of a flag set. */
export type Values<F extends FlagSet> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** `noTrunc` → `no-trunc`. */
export function flagName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What the builders below take beyond their kind. */
export interface FlagOptions {
  short?: string;
  section?: string;
  aliases?: readonly string[];
  hidden?: boolean;
  since?: string;
  windowsOnly?: boolean;
  /** How help names the kind of value, where it is not the builder's own. */
  kind?: string;
  shown?: string;
}

/** A flag from its parts. */
export function flag<T>(
  help: string,
  own: { kind: string | undefined; initial: T; bare?: string; parse: (text: string, previous: T) => T },
  options: FlagOptions = {},
): Flag<T> {
  return {
    help,
    short: options.short,
    kind: options.kind ?? own.kind,
    initial: own.initial,
    shown: options.shown,
    bare: own.bare,
    parse: own.parse,
    section: options.section,
    aliases: options.aliases ?? [],
    hidden: options.hidden ?? false,
    since: options.since,
    windowsOnly: options.windowsOnly ?? false,
  };
}
