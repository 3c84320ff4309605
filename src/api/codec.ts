import * as wire from '../wire/decode.ts';

/** Both directions between a domain value and Docker's JSON, so that each field is named once. */
export interface Codec<T> {
  readonly decode: wire.Decoder<T>;
  encode(value: T): unknown;
}

function plain<T>(decode: wire.Decoder<T>): Codec<T> {
  return { decode, encode: (value) => value };
}

export const string = plain(wire.string);
export const boolean = plain(wire.boolean);
export const integer = plain(wire.integer);
export const stringMap: Codec<Readonly<Record<string, string>>> = plain(wire.record(wire.string));

/** A list; `empty` is what Docker prints for none. */
export function list<T>(item: Codec<T>, empty: null | [] = null): Codec<readonly T[]> {
  return {
    decode: wire.array(item.decode),
    encode: (value) => (value.length === 0 ? empty : value.map(item.encode)),
  };
}

/** Go's strslice: a lone string stands for a list of one. */
export const words: Codec<readonly string[]> = plain(wire.strings);

/** Docker's set: `{"80/tcp": {}}` for `['80/tcp']`. */
export function set(empty: null | undefined): Codec<readonly string[]> {
  return {
    decode: (value, path) => Object.keys(wire.record(wire.raw)(value, path)).sort(),
    encode: (value) => (value.length === 0 ? empty : Object.fromEntries(value.map((key) => [key, {}]))),
  };
}

export function mapOf<T>(item: Codec<T>): Codec<Readonly<Record<string, T>>> {
  return {
    decode: wire.record(item.decode),
    encode: (value) =>
      Object.fromEntries(Object.entries(value).map(([key, each]) => [key, item.encode(each)])),
  };
}

/** `[wire name, codec, what to print when the value is absent]`; `undefined` leaves the key out. */
export type Field<T> = readonly [name: string, codec: Codec<T>, absent?: unknown];
type FieldsOf<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** An object of which every field is optional on the way in: what is absent or null is left out. */
export function partial<T extends object>(fields: FieldsOf<T>): Codec<Partial<T>> {
  const entries = Object.entries(fields) as [keyof T & string, Field<unknown>][];
  const shape = wire.object(Object.fromEntries(entries.map(([, [name, codec]]) => [name, codec.decode])));
  return {
    decode: (value, path) => {
      const decoded = shape(value, path);
      const present = entries.filter(([, [name]]) => decoded[name] !== undefined);
      return Object.fromEntries(present.map(([key, [name]]) => [key, decoded[name]])) as Partial<T>;
    },
    encode: (value) => {
      const out: Record<string, unknown> = {};
      for (const [key, [name, codec, absent]] of entries) {
        const each = value[key];
        const encoded = each === undefined ? absent : codec.encode(each);
        if (encoded !== undefined) out[name] = encoded;
      }
      return out;
    },
  };
}

/** An object whose absent fields take `defaults`' values on the way in. */
export function withDefaults<T extends object>(fields: FieldsOf<T>, defaults: T): Codec<T> {
  const inner = partial<T>(fields);
  return { decode: (value, path) => ({ ...defaults, ...inner.decode(value, path) }), encode: inner.encode };
}

/** Prints nothing for the value Go's `omitempty` leaves out: empty string, zero, false, empty list or map. */
export function omitEmpty<T>(inner: Codec<T>): Codec<T> {
  return {
    decode: inner.decode,
    encode: (value) => {
      const encoded = inner.encode(value);
      return isEmpty(encoded) ? undefined : encoded;
    },
  };
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
