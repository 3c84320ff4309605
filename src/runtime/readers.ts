import { EngineError } from '../base/errors.ts';
import { jsonArray, jsonObject, jsonString, present } from '../formats/json.ts';

/** Reads one value of a JSON document; throws `invalid` naming `path`. */
export type Reader<T> = (value: unknown, path: string) => T;

type Shape = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };

const MAX_LIST = 4096;
const U64 = (1n << 64n) - 1n;

export const text: Reader<string> = jsonString;

export const flag: Reader<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw mismatch(path, 'true or false', value);
};

/** A whole number from `min` to `max`. */
export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max)
      return value;
    throw mismatch(path, `a whole number from ${min} to ${max}`, value);
  };
}

/** A whole number of 64 bits without sign. */
export const unsigned64: Reader<number | bigint> = (value, path) => {
  if (typeof value === 'bigint' && value >= 0n && value <= U64) return value;
  return integer(0)(value, path);
};

/** A limit: a signed number of 64 bits, of which what is too large to count exactly is as good as none (-1). */
export const limit: Reader<number> = (value, path) =>
  typeof value === 'bigint' ? -1 : integer(Number.MIN_SAFE_INTEGER)(value, path);

export function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, path) => {
    const found = allowed.find((each) => each === value);
    if (found !== undefined) return found;
    throw mismatch(path, `one of ${allowed.join(', ')}`, value);
  };
}

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, path) => jsonArray(value, path, MAX_LIST).map((each, i) => item(each, `${path}[${i}]`));
}

export const textMap: Reader<Readonly<Record<string, string>>> = (value, path) =>
  Object.fromEntries(
    Object.entries(jsonObject(value, path)).map(([key, each]) => [key, jsonString(each, `${path}.${key}`)]),
  );

/** An object with all of `required`, and of `optional` what is there and not null. Other keys are passed over. */
export function struct<R extends Shape, O extends Shape>(
  required: R,
  optional: O,
): Reader<Read<R> & Partial<Read<O>>> {
  return (value, path) => {
    const json = jsonObject(value, path || 'config.json');
    const below = (key: string): string => (path === '' ? key : `${path}.${key}`);
    const given = Object.entries(optional).filter(([key]) => present(json[key]));
    return Object.fromEntries(
      [...Object.entries(required), ...given].map(([key, reader]) => [key, reader(json[key], below(key))]),
    ) as Read<R> & Partial<Read<O>>;
  };
}

function mismatch(path: string, wanted: string, value: unknown): EngineError {
  const got = value === undefined ? 'nothing' : String(value).slice(0, 80);
  return new EngineError('invalid', `${path}: expected ${wanted}, got ${got}`);
}
