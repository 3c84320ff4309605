import { EngineError } from '../base/errors.ts';

type Token =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'char'; readonly char: string }
  | {
      readonly kind: 'class';
      readonly negated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    };

const MAX_PATTERN = 1000;

/**
 * Compiles a shell pattern as Go's `path.Match` reads it: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, `\`
 * escapes. Matching takes at most pattern × text steps. Throws `invalid` for a malformed pattern.
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  const tokens = new Scanner(pattern).tokens();
  return (text) => matches(tokens, [...text]);
}

function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let [at, token] = [0, 0];
  let retry: { at: number; token: number } | undefined;
  while (at < text.length || token < tokens.length) {
    const now = tokens[token];
    const char = text[at];
    if (now?.kind === 'star') {
      retry = { at, token: token++ };
    } else if (now && char !== undefined && matchesOne(now, char)) {
      at++;
      token++;
    } else if (retry && text[retry.at] !== undefined && text[retry.at] !== '/') {
      // The last star takes one character more.
      at = ++retry.at;
      token = retry.token + 1;
    } else return false;
  }
  return true;
}

function matchesOne(token: Token, char: string): boolean {
  switch (token.kind) {
    case 'star':
      return false;
    case 'any':
      return char !== '/';
    case 'char':
      return char === token.char;
    case 'class':
      return token.ranges.some(([low, high]) => low <= char && char <= high) !== token.negated;
  }
}

class Scanner {
  readonly #pattern: string;
  readonly #chars: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    if (pattern.length > MAX_PATTERN) throw malformed(pattern);
    this.#pattern = pattern;
    this.#chars = [...pattern];
  }

  tokens(): Token[] {
    const tokens: Token[] = [];
    while (this.#at < this.#chars.length) {
      const char = this.#next();
      if (char === '*') tokens.push({ kind: 'star' });
      else if (char === '?') tokens.push({ kind: 'any' });
      else if (char === '[') tokens.push(this.#class());
      else tokens.push({ kind: 'char', char: char === '\\' ? this.#next() : char });
    }
    return tokens;
  }

  #class(): Token {
    const negated = this.#skip('^');
    const ranges: [string, string][] = [];
    while (ranges.length === 0 || !this.#skip(']')) {
      const low = this.#classChar();
      ranges.push([low, this.#skip('-') ? this.#classChar() : low]);
    }
    return { kind: 'class', negated, ranges };
  }

  #classChar(): string {
    const char = this.#next();
    if (char === '-' || char === ']') throw malformed(this.#pattern);
    return char === '\\' ? this.#next() : char;
  }

  #next(): string {
    const char = this.#chars[this.#at++];
    if (char === undefined) throw malformed(this.#pattern);
    return char;
  }

  #skip(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false;
    this.#at++;
    return true;
  }
}

function malformed(pattern: string): EngineError {
  return new EngineError('invalid', `syntax error in pattern ${JSON.stringify(pattern.slice(0, 80))}`);
}
