const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))/gsu;

/** The value of a Go string literal (interpreted or raw), or undefined when an escape is not valid. */
export function unquote(literal: string): string | undefined {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body.replaceAll('\r', '');
  let valid = true;
  const value = body.replace(ESCAPE, (_, hex, short, long, octal, letter) => {
    const digits = hex ?? short ?? long;
    if (digits !== undefined) return codePoint(Number.parseInt(digits, 16)) ?? invalid();
    if (octal !== undefined) return codePoint(Number.parseInt(octal, 8)) ?? invalid();
    return ESCAPES[letter] ?? invalid();
  });
  function invalid(): string {
    valid = false;
    return '';
  }
  return valid ? value : undefined;
}

function codePoint(code: number): string | undefined {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

export interface NumberLiteral {
  value: number | bigint;
  float: boolean;
}

/** The value of a Go number or character literal, or undefined when it is malformed. */
export function parseNumber(text: string): NumberLiteral | undefined {
  if (text.startsWith("'")) return charLiteral(text);
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (/__|_$/.test(body) || /^_/.test(body)) return undefined;
  const digits = body.replaceAll('_', '');
  if (/^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0|[1-9]\d*)$/.test(digits)) return integer(sign, digits);
  if (/^0[0-7]+$/.test(digits)) return integer(sign, `0o${digits}`);
  if (!/^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(digits)) return undefined;
  const value = Number(digits) * (sign === '-' ? -1 : 1);
  return { value, float: !Number.isInteger(value) };
}

function integer(sign: string, digits: string): NumberLiteral {
  const exact = BigInt(digits) * (sign === '-' ? -1n : 1n);
  const value = Number(exact);
  return { value: Number.isSafeInteger(value) ? value : exact, float: false };
}

function charLiteral(text: string): NumberLiteral | undefined {
  const value = unquote(text);
  const code = value?.codePointAt(0);
  if (value === undefined || code === undefined || [...value].length !== 1) return undefined;
  return { value: code, float: false };
}
