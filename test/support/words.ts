/** Splits a command line at blanks outside quotes; `\x` is `x`, and nothing is special within single quotes. */
export function words(line: string): string[] {
  const found = line.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/g);
  return [...found].map(([word]) =>
    word.replace(/'([^']*)'|\\(.)|"/g, (_, quoted, escaped) => quoted ?? escaped ?? ''),
  );
}
