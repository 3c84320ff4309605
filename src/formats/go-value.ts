/**
 * Go's kinds in JavaScript clothes, for templates: `null` is a nil interface, integers are `number` or `bigint`, a plain
 * object is a map, an array a slice, a {@link GoStruct} a struct. `undefined` is also "no value at all" (a missing map key).
 */
/** A struct's nil pointer: unlike a nil interface it prints as `<nil>`. */
export const NIL_POINTER: unique symbol = Symbol('nil pointer');

export type GoKind = 'nil' | 'bool' | 'int' | 'float' | 'string' | 'slice' | 'map' | 'struct' | 'func';

/** A field's value, or a method: called with the template's arguments when it is evaluated. */
export type GoMember = unknown;

/** A struct: fields in declaration order, methods, and the type name that error messages give. */
export class GoStruct {
  readonly typeName: string;
  readonly members: ReadonlyMap<string, GoMember>;
  /** JSON text in place of that of the fields. */
  readonly toJsonText: (() => string) | undefined;

  constructor(typeName: string, members: Readonly<Record<string, GoMember>>, toJsonText?: () => string) {
    this.typeName = typeName;
    this.members = new Map(Object.entries(members));
    this.toJsonText = toJsonText;
  }
}

/** A template function: how many arguments, the kinds it insists on, and what it does. Throws `invalid` with a reason. */
export interface GoFunction {
  arity: readonly [least: number, most: number];
  params?: readonly GoKind[];
  call: (args: readonly unknown[]) => unknown;
}

/** The kind of any value. */
export function goKind(value: unknown): GoKind {
  if (value === null || value === undefined) return 'nil';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
    case 'string':
      return 'string';
    case 'function':
      return 'func';
    case 'symbol':
      return 'nil';
    default:
      if (Array.isArray(value)) return 'slice';
      return value instanceof GoStruct ? 'struct' : 'map';
  }
}

/** The type name as Go would print it; that of a slice's or map's elements is judged by the elements there are. */
export function goTypeName(value: unknown): string {
  const kind = goKind(value);
  if (kind === 'slice') return `[]${elementType(value)}`;
  if (kind === 'map') return `map[string]${elementType(value)}`;
  if (kind === 'float') return 'float64';
  if (kind === 'nil') return 'interface {}';
  return value instanceof GoStruct ? value.typeName : kind;
}

function elementType(value: unknown): string {
  const elements = Object.values(value ?? {});
  return elements.length > 0 && elements.every((element) => typeof element === 'string')
    ? 'string'
    : 'interface {}';
}

/** A map's entries, sorted by key as Go's templates, `fmt` and JSON encoder go through them. */
export function sortedEntries(map: object): [string, unknown][] {
  return Object.entries(map).sort(([a], [b]) => compareStrings(a, b));
}

/** Order of bytes, which for UTF-8 is the order of code points. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Go's `%v`: `map[a:b]`, `[a b]`, `{a b}`, `<nil>`. */
export function formatGoValue(value: unknown): string {
  if (goKind(value) === 'nil') return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? formatInteger(value) : formatFloat(value);
  if (Array.isArray(value)) return `[${value.map(formatGoValue).join(' ')}]`;
  if (value instanceof GoStruct) return formatStruct(value);
  if (typeof value === 'object' && value !== null) {
    return `map[${sortedEntries(value)
      .map(([key, item]) => `${key}:${formatGoValue(item)}`)
      .join(' ')}]`;
  }
  return String(value);
}

function formatStruct(value: GoStruct): string {
  const fields = [...value.members.values()].filter((member) => typeof member !== 'function');
  return `{${fields.map(formatGoValue).join(' ')}}`;
}

function formatInteger(value: number): string {
  return Object.is(value, -0) ? '0' : BigInt(value).toString();
}

/** Go's `%v` of a float64: exponents from 1e+06 up and below 1e-04, of at least two digits. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

/** Compact JSON as Go's encoder writes it: map keys sorted, struct fields in order, `<>&` escaped when asked for. */
export function goJson(value: unknown, escapeHtml = false): string {
  const text = encode(value);
  return escapeHtml ? text.replace(/[<>&]/g, unicodeEscape) : text;
}

function encode(value: unknown): string {
  if (value === null || value === undefined || value === NIL_POINTER) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(encode).join(',')}]`;
  if (value instanceof GoStruct) {
    return value.toJsonText === undefined ? encodeMembers([...value.members]) : value.toJsonText();
  }
  if (typeof value === 'object') return encodeMembers(sortedEntries(value));
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null';
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, unicodeEscape);
}

function encodeMembers(members: readonly [string, unknown][]): string {
  const fields = members.filter(([, member]) => typeof member !== 'function');
  return `{${fields.map(([key, member]) => `${JSON.stringify(key)}:${encode(member)}`).join(',')}}`;
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
