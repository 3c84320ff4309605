const PLAIN = /^[ !#-[\]-~…]*$/;

/** A Go string literal: printable characters as they are, the rest escaped. */
export function goQuote(value: string): string {
  // Compiling the Unicode class below takes milliseconds.
  if (PLAIN.test(value)) return `"${value}"`;
  const escaped = value.replace(/[\\"\p{C}\u2028\u2029]/gu, (char) => {
    const short = {
      '\\': '\\\\',
      '"': '\\"',
      '\n': '\\n',
      '\t': '\\t',
      '\r': '\\r',
      '\x07': '\\a',
      '\b': '\\b',
      '\f': '\\f',
      '\v': '\\v',
    }[char];
    if (short !== undefined) return short;
    const code = char.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (code < 0x80) return `\\x${hex.padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return `"${escaped}"`;
}
