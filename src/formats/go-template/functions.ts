import { EngineError } from '../../base/errors.ts';
import { compareStrings, formatGoValue, type GoFunction, goKind, goTypeName } from '../go-value.ts';
import { sprintf } from './printf.ts';

/** Their arguments are evaluated one by one, as far as needed. */
export const SHORT_CIRCUIT: ReadonlySet<string> = new Set(['and', 'or']);

/** Go's truth: everything but zero, nil and the empty string, slice and map. */
export function isTrue(value: unknown): boolean {
  if (goKind(value) === 'nil') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (goKind(value) === 'map') return Object.keys(value ?? {}).length > 0;
  return Boolean(value);
}

/** The functions every Go template has (text/template, "Functions"). */
export const BUILTINS: Readonly<Record<string, GoFunction>> = {
  and: { arity: [1, Infinity], call: () => undefined },
  or: { arity: [1, Infinity], call: () => undefined },
  not: { arity: [1, 1], call: ([value]) => !isTrue(value) },
  len: { arity: [1, 1], call: ([value]) => length(value) },
  index: { arity: [1, Infinity], call: ([value, ...keys]) => keys.reduce(indexOne, value) },
  slice: { arity: [1, Infinity], call: ([value, ...bounds]) => slice(value, bounds) },
  print: { arity: [0, Infinity], call: sprint },
  println: { arity: [0, Infinity], call: (args) => `${args.map(formatGoValue).join(' ')}\n` },
  printf: {
    arity: [1, Infinity],
    params: ['string'],
    call: ([format, ...args]) => sprintf(String(format), args),
  },
  html: {
    arity: [0, Infinity],
    call: (args) => sprint(args).replace(/[<>&'"\0]/g, (char) => HTML[char] ?? char),
  },
  js: { arity: [0, Infinity], call: (args) => escapeJs(sprint(args)) },
  urlquery: { arity: [0, Infinity], call: (args) => escapeQuery(sprint(args)) },
  eq: { arity: [1, Infinity], call: ([left, ...others]) => equalsAny(left, others) },
  ne: { arity: [2, 2], call: ([left, right]) => !equal(left, right) },
  lt: { arity: [2, 2], call: ([left, right]) => compare(left, right) < 0 },
  le: { arity: [2, 2], call: ([left, right]) => compare(left, right) <= 0 },
  gt: { arity: [2, 2], call: ([left, right]) => compare(left, right) > 0 },
  ge: { arity: [2, 2], call: ([left, right]) => compare(left, right) >= 0 },
};

const HTML: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  "'": '&#39;',
  '"': '&#34;',
  '\0': '\uFFFD',
};

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** Go's `fmt.Sprint`: a blank between two operands when neither is a string. */
function sprint(args: readonly unknown[]): string {
  return args
    .map((arg, i) => {
      const gap = i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string';
      return (gap ? ' ' : '') + formatGoValue(arg);
    })
    .join('');
}

function length(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (goKind(value) === 'map') return Object.keys(value ?? {}).length;
  if (goKind(value) === 'nil') return fail('len of nil pointer');
  return fail(`len of type ${goTypeName(value)}`);
}

function indexOne(value: unknown, key: unknown): unknown {
  if (typeof value !== 'object' && typeof value !== 'string') return indexOdd(value);
  if (Array.isArray(value)) return value[checkedIndex(key, value.length)];
  if (typeof value === 'string') return Buffer.from(value)[checkedIndex(key, Buffer.byteLength(value))];
  if (value === null || goKind(value) !== 'map') return indexOdd(value);
  if (typeof key !== 'string') return fail(`value has type ${goTypeName(key)}; should be string`);
  const entry = Object.getOwnPropertyDescriptor(value, key);
  return entry ? entry.value : zeroOf(Object.values(value));
}

function indexOdd(value: unknown): never {
  return fail(
    goKind(value) === 'nil' ? 'index of untyped nil' : `can't index item of type ${goTypeName(value)}`,
  );
}

/** What an absent key yields: the zero value of the map's element type, judged by the elements there are. */
function zeroOf(elements: readonly unknown[]): unknown {
  if (elements.every((element) => typeof element === 'string')) return '';
  return elements.every(Array.isArray) ? [] : undefined;
}

function checkedIndex(key: unknown, size: number): number {
  if (goKind(key) === 'nil') return fail('cannot index slice/array with nil');
  if (goKind(key) !== 'int') return fail(`cannot index slice/array with type ${goTypeName(key)}`);
  const at = Number(key);
  return at >= 0 && at < size ? at : fail(`index out of range: ${at}`);
}

function slice(value: unknown, bounds: readonly unknown[]): unknown {
  if (goKind(value) === 'nil') return fail('slice of untyped nil');
  if (bounds.length > 3) return fail(`too many slice indexes: ${bounds.length}`);
  if (typeof value === 'string') {
    if (bounds.length === 3) return fail('cannot 3-index slice a string');
    const bytes = Buffer.from(value);
    return bytes.subarray(...sliceBounds(bounds, bytes.length)).toString();
  }
  if (!Array.isArray(value)) return fail(`can't slice item of type ${goTypeName(value)}`);
  return value.slice(...sliceBounds(bounds, value.length));
}

function sliceBounds(bounds: readonly unknown[], size: number): [number, number] {
  const [from = 0, to = size] = bounds.map((bound) => {
    if (goKind(bound) !== 'int') return fail(`cannot index slice/array with type ${goTypeName(bound)}`);
    const at = Number(bound);
    return at >= 0 && at <= size ? at : fail(`index out of range: ${at}`);
  });
  return from <= to ? [from, to] : fail(`invalid slice index: ${from} > ${to}`);
}

function equalsAny(left: unknown, others: readonly unknown[]): boolean {
  if (others.length === 0) return fail('missing argument for comparison');
  return others.some((other) => equal(left, other));
}

function equal(left: unknown, right: unknown): boolean {
  const kinds = [goKind(left), goKind(right)];
  if (kinds.includes('nil')) return kinds[0] === kinds[1];
  if (kinds.includes('map') || kinds.includes('slice'))
    return fail(`non-comparable type ${formatOdd(left, right)}`);
  if (kinds[0] !== kinds[1]) return fail('incompatible types for comparison');
  return typeof left === 'object' ? left === right : asNumber(left) === asNumber(right);
}

function formatOdd(left: unknown, right: unknown): string {
  const odd = typeof left === 'object' ? left : right;
  return `${formatGoValue(odd)}: ${goTypeName(odd)}`;
}

/** Safe and big integers compare by value. */
function asNumber(value: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value;
}

function compare(left: unknown, right: unknown): number {
  const kind = goKind(left);
  if (kind !== 'int' && kind !== 'float' && kind !== 'string') return fail('invalid type for comparison');
  if (kind !== goKind(right)) return fail('incompatible types for comparison');
  if (typeof left === 'string') return compareStrings(left, String(right));
  if (isNumeric(left) && isNumeric(right) && left !== right) return left < right ? -1 : 1;
  return 0;
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function escapeJs(text: string): string {
  return text.replace(/[\\'"<>&=\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (char) => {
    if (char === '\\' || char === "'" || char === '"') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
