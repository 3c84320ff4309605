import { goQuote } from '../go-quote.ts';
import { formatFloat, formatGoValue, goKind, goTypeName } from '../go-value.ts';

interface Spec {
  flags: string;
  width: number | undefined;
  precision: number | undefined;
  verb: string;
}

const DIRECTIVE = /%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(?:\[(\d+)\])?(.)?/gsu;
/** Wider fields than any table has are refused, as Go does at a million. */
const MAX_WIDTH = 10_000;

/** Go's `fmt.Sprintf` for the values templates have: `%v %+v %s %q %d %x %X %o %b %c %U %t %f %e %g %T`. */
export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  let reordered = false;
  const take = (): unknown => (next < args.length ? args[next++] : MISSING);
  const text = format.replace(DIRECTIVE, (_, flags, width, precision, index, verb) => {
    if (verb === undefined) return '%!(NOVERB)';
    const spec: Spec = {
      flags,
      verb,
      width: number(width, take),
      precision: number(precision ?? undefined, take),
    };
    if (precision === '') spec.precision = 0;
    if (spec.width !== undefined && spec.width < 0) {
      spec.flags += '-';
      spec.width = -spec.width;
    }
    if (verb === '%') return '%';
    if (index !== undefined) {
      next = Number(index) - 1;
      reordered = true;
    }
    const value = take();
    return value === MISSING
      ? `%!${verb}(${index === undefined ? 'MISSING' : 'BADINDEX'})`
      : pad(format1(spec, value), spec);
  });
  if (reordered || next >= args.length) return text;
  const extra = args
    .slice(next)
    .map((arg) => (goKind(arg) === 'nil' ? '<nil>' : `${typeName(arg)}=${formatGoValue(arg)}`));
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

const MISSING = Symbol('missing argument');

function number(text: string | undefined, take: () => unknown): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text === '*' ? take() : text);
  return Number.isFinite(value) ? Math.max(-MAX_WIDTH, Math.min(MAX_WIDTH, value)) : undefined;
}

function format1(spec: Spec, value: unknown): string {
  const { verb } = spec;
  if (verb === 'v')
    return typeof value === 'number' && !Number.isInteger(value) ? float(spec, value) : formatGoValue(value);
  if (verb === 'T') return goKind(value) === 'nil' ? '<nil>' : typeName(value);
  if (Array.isArray(value)) return `[${value.map((item) => format1(spec, item)).join(' ')}]`;
  switch (goKind(value)) {
    case 'string':
      return string(spec, String(value));
    case 'int':
      return integer(spec, BigInt(Number.isInteger(value) ? Number(value) : String(value)));
    case 'float':
      return float(spec, Number(value));
    case 'bool':
      return verb === 't' ? String(value) : bad(verb, value);
    default:
      return bad(verb, value);
  }
}

function bad(verb: string, value: unknown): string {
  if (goKind(value) === 'nil') return `%!${verb}(<nil>)`;
  return `%!${verb}(${typeName(value)}=${formatGoValue(value)})`;
}

function typeName(value: unknown): string {
  return goTypeName(value);
}

function string(spec: Spec, value: string): string {
  const { verb, precision, flags } = spec;
  const cut = precision === undefined ? value : [...value].slice(0, precision).join('');
  if (verb === 's') return cut;
  if (verb === 'q') return flags.includes('#') && !cut.includes('`') ? `\`${cut}\`` : goQuote(cut);
  if (verb !== 'x' && verb !== 'X') return bad(verb, value);
  const hex = Buffer.from(cut).toString('hex');
  return verb === 'X' ? hex.toUpperCase() : hex;
}

const RADIX: Readonly<Record<string, { base: number; prefix: string }>> = {
  d: { base: 10, prefix: '' },
  x: { base: 16, prefix: '0x' },
  X: { base: 16, prefix: '0X' },
  o: { base: 8, prefix: '0' },
  O: { base: 8, prefix: '0o' },
  b: { base: 2, prefix: '0b' },
};

function integer(spec: Spec, value: bigint): string {
  const { verb, flags, precision } = spec;
  if (verb === 'c') return String.fromCodePoint(Number(value));
  if (verb === 'q') return `'${String.fromCodePoint(Number(value))}'`;
  if (verb === 'U') return `U+${value.toString(16).toUpperCase().padStart(4, '0')}`;
  const radix = RADIX[verb];
  if (!radix) return bad(verb, value);
  const digits = (value < 0n ? -value : value).toString(radix.base).padStart(precision ?? 0, '0');
  const prefix = flags.includes('#') || verb === 'O' ? radix.prefix : '';
  return sign(value < 0n, flags) + prefix + (verb === 'X' ? digits.toUpperCase() : digits);
}

function float(spec: Spec, value: number): string {
  const { verb, flags, precision } = spec;
  const size = Math.abs(value);
  const negative = value < 0 || Object.is(value, -0);
  switch (verb) {
    case 'v':
    case 'g':
      return (
        sign(negative, flags) +
        (precision === undefined ? formatFloat(size) : formatFloat(Number(size.toPrecision(precision || 1))))
      );
    case 'f':
    case 'F':
      return sign(negative, flags) + size.toFixed(precision ?? 6);
    case 'e':
      return sign(negative, flags) + size.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
    default:
      return bad(verb, value);
  }
}

function sign(negative: boolean, flags: string): string {
  if (negative) return '-';
  if (flags.includes('+')) return '+';
  return flags.includes(' ') ? ' ' : '';
}

function pad(text: string, { width = 0, flags, verb, precision }: Spec): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  const zeros = flags.includes('0') && (precision === undefined || !'dxXob'.includes(verb));
  if (!zeros) return ' '.repeat(missing) + text;
  const signed = /^[-+ ]/.exec(text)?.[0] ?? '';
  return signed + '0'.repeat(missing) + text.slice(signed.length);
}
