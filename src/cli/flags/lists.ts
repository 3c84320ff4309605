import { EngineError } from '../../base/errors.ts';
import { type Flag, type FlagOptions, flag } from './flag.ts';

/** Any number of values, each checked or changed by `check`. Values are not split at commas. */
export function list(
  help: string,
  options?: FlagOptions,
  check: (text: string) => string = (text) => text,
): Flag<readonly string[]> {
  const parse = (text: string, previous: readonly string[]) => [...previous, check(text)];
  return flag<readonly string[]>(help, { kind: 'list', initial: [], parse }, options);
}

/** Any number of values, each turned into a `T`. */
export function listOf<T>(
  help: string,
  parseOne: (text: string) => T,
  options?: FlagOptions,
): Flag<readonly T[]> {
  const parse = (text: string, previous: readonly T[]) => [...previous, parseOne(text)];
  return flag<readonly T[]>(help, { kind: 'list', initial: [], parse }, options);
}

/** Any number of `KEY=VALUE` or bare `KEY`; a later one of the same key wins. */
export function map(
  help: string,
  options?: FlagOptions,
  check: (text: string) => string = (text) => text,
): Flag<Readonly<Record<string, string>>> {
  const parse = (text: string, previous: Readonly<Record<string, string>>) => {
    const [key, value] = splitPair(check(text));
    return { ...previous, [key]: value ?? '' };
  };
  return flag<Readonly<Record<string, string>>>(help, { kind: 'map', initial: {}, parse }, options);
}

/** Filters, `NAME=VALUE`, in the shape the API takes. */
export function filters(
  help = 'Filter output based on conditions provided',
): Flag<Readonly<Record<string, readonly string[]>>> {
  const parse = (text: string, previous: Readonly<Record<string, readonly string[]>>) => {
    if (text === '') return previous;
    const [name, value] = splitPair(text);
    if (value === undefined) throw new EngineError('invalid', 'bad format of filter (expected name=value)');
    const key = name.toLowerCase().trim();
    const values = previous[key] ?? [];
    const added = value.trim();
    return { ...previous, [key]: values.includes(added) ? values : [...values, added] };
  };
  const own = { kind: 'filter', initial: {}, parse };
  return flag<Readonly<Record<string, readonly string[]>>>(help, own, { short: 'f' });
}

/** Cuts at the first `=`. */
export function splitPair(text: string): [key: string, value: string | undefined] {
  const at = text.indexOf('=');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
