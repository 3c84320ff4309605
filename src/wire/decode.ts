import { EngineError } from '../base/errors.ts';

/**
 * Decoders for JSON from outside. Each takes the value and the path of the field, returns the typed value, and throws
 * `invalid` naming that path. Object keys match as Go's `encoding/json` does it (exact, else ignoring case), unknown
 * keys are ignored, and `null` counts as absent: what Docker's clients rely on.
 */
export type Decoder<T> = (value: unknown, path: string) => T;

function mismatch(path: string, wanted: string, value: unknown): never {
  const got = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  throw new EngineError(
    'invalid',
    `invalid value for ${path || 'request body'}: expected ${wanted}, got ${got}`,
  );
}

export const string: Decoder<string> = (value, path) =>
  typeof value === 'string' ? value : mismatch(path, 'string', value);

export const boolean: Decoder<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : mismatch(path, 'boolean', value);

/** A 64-bit integer within what JavaScript counts exactly. */
export const integer: Decoder<number> = (value, path) =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : mismatch(path, 'integer', value);

export const number: Decoder<number> = (value, path) =>
  typeof value === 'number' ? value : mismatch(path, 'number', value);

/** Any JSON, handed on as it is. */
export const raw: Decoder<unknown> = (value) => value;

export function array<T>(item: Decoder<T>): Decoder<T[]> {
  return (value, path) =>
    Array.isArray(value)
      ? value.map((each, i) => item(each, `${path}[${i}]`))
      : mismatch(path, 'array', value);
}

/** `{"any key": T}`. */
export function record<T>(item: Decoder<T>): Decoder<Record<string, T>> {
  return (value, path) => {
    if (!isObject(value)) return mismatch(path, 'object', value);
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, item(each, `${path}[${JSON.stringify(key)}]`)]),
    );
  };
}

/** Go's strslice: one string stands for a list of one. */
export const strings: Decoder<string[]> = (value, path) =>
  typeof value === 'string' ? [value] : array(string)(value, path);

/** Keeps `null` as `null`, for lists where it is told apart from the empty one. */
export function nullable<T>(inner: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : inner(value, path));
}

type Shape = Readonly<Record<string, Decoder<unknown>>>;
/** All fields optional: absent and `null` are left out. */
export type Decoded<S extends Shape> = { [K in keyof S]?: ReturnType<S[K]> };

/** An object of known fields, each optional. */
export function object<S extends Shape>(shape: S): Decoder<Decoded<S>> {
  const lower = new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]));
  return (value, path) => {
    if (!isObject(value)) return mismatch(path, 'object', value);
    const out: Partial<Record<keyof S, unknown>> = {};
    for (const [given, each] of Object.entries(value)) {
      const key = given in shape ? given : lower.get(given.toLowerCase());
      if (key === undefined || each === null) continue;
      const decode = shape[key];
      if (decode) out[key as keyof S] = decode(each, path ? `${path}.${key}` : key);
    }
    return out as Decoded<S>;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
