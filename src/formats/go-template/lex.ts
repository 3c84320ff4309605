import type { Pos } from './nodes.ts';

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'field'
  | 'variable'
  | 'identifier'
  | 'keyword'
  | 'bool'
  | 'nil'
  | 'dot'
  | 'number'
  | 'char'
  | 'string'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'paren-open'
  | 'paren-close'
  | 'comma'
  | 'other'
  | 'error'
  | 'eof';

export interface Token {
  kind: TokenKind;
  pos: Pos;
  text: string;
}

const KEYWORDS = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
]);
/**
 * Rows are tried in order; the kind of a word is settled by {@link wordKind}. All that is not ASCII counts as a letter:
 * compiling Unicode classes would take longer than everything else a listing does.
 */
const PATTERNS: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['declare', /:=/y],
  ['assign', /=/y],
  ['pipe', /\|/y],
  ['comma', /,/y],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\[^\n])+'/y],
  ['variable', /\$[\w\x80-\uffff]*/y],
  ['number', /[+-]?(?=\.?\d)(?:0[xXbBoO][\da-fA-F_]+|[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d*)?)/y],
  ['field', /\.[A-Za-z_\x80-\uffff][\w\x80-\uffff]*/y],
  ['dot', /\./y],
  ['identifier', /[A-Za-z_\x80-\uffff][\w\x80-\uffff]*/y],
  ['other', /[!-~]/y],
];
const WORDS: ReadonlySet<TokenKind> = new Set(['variable', 'field', 'identifier']);
/** What may follow a word directly. */
const TERMINATOR = /^(?:[ \t\r\n.,|:()]|\}\}|$)/;

/** The template's tokens; the last is `eof` or an `error` whose text is Go's message. */
export function lexTemplate(input: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < input.length) {
    const open = input.indexOf('{{', at);
    const end = open < 0 ? input.length : open;
    const trimBefore = open >= 0 && /^-[ \t\r\n]/.test(input.slice(open + 2, open + 4));
    pushText(tokens, input.slice(at, end), at, trimNext, trimBefore);
    trimNext = false;
    if (open < 0) break;
    const start = open + 2 + (trimBefore ? 1 : 0);
    const comment = /^[ \t\r\n]*\/\*/.exec(input.slice(start));
    const isComment = comment !== null && (trimBefore || comment[0] === '/*');
    const after = isComment
      ? lexComment(input, start + comment[0].length, tokens)
      : lexAction(input, open, start, tokens);
    if (after === undefined) return tokens;
    at = after.at;
    trimNext = after.trim;
  }
  tokens.push({ kind: 'eof', pos: input.length, text: '' });
  return tokens;
}

interface After {
  at: number;
  trim: boolean;
}

function pushText(tokens: Token[], raw: string, pos: Pos, trimLeft: boolean, trimRight: boolean): void {
  let text = trimLeft ? raw.replace(/^[ \t\r\n]+/, '') : raw;
  const skipped = raw.length - text.length;
  if (trimRight) text = text.replace(/[ \t\r\n]+$/, '');
  if (text !== '') tokens.push({ kind: 'text', pos: pos + skipped, text });
}

function lexComment(input: string, from: number, tokens: Token[]): After | undefined {
  const end = input.indexOf('*/', from);
  const fail = (text: string): undefined => void tokens.push({ kind: 'error', pos: from, text });
  if (end < 0) return fail('unclosed comment');
  const close = /^([ \t\r\n]-)?\}\}/.exec(input.slice(end + 2, end + 6));
  if (!close) return fail('comment ends before closing delimiter');
  return { at: end + 2 + close[0].length, trim: close[1] !== undefined };
}

function lexAction(input: string, open: number, start: number, tokens: Token[]): After | undefined {
  tokens.push({ kind: 'open', pos: open, text: '{{' });
  let at = start;
  let parens = 0;
  for (;;) {
    const close = closeAt(input, at);
    if (close) {
      if (parens > 0) return void tokens.push({ kind: 'error', pos: at, text: 'unclosed left paren' });
      tokens.push({ kind: 'close', pos: at, text: '}}' });
      return close;
    }
    const token = nextToken(input, at);
    if (token.kind === 'paren-open') parens++;
    if (token.kind === 'paren-close' && --parens < 0) {
      return void tokens.push({ kind: 'error', pos: at, text: 'unexpected right paren' });
    }
    tokens.push(token);
    if (token.kind === 'error') return undefined;
    at += token.text.length;
  }
}

function closeAt(input: string, at: number): After | undefined {
  const trim = /^[ \t\r\n]-\}\}/.test(input.slice(at, at + 4));
  if (trim) return { at: at + 4, trim };
  return input.startsWith('}}', at) ? { at: at + 2, trim } : undefined;
}

function nextToken(input: string, at: number): Token {
  const char = input[at];
  if (char === undefined) return { kind: 'error', pos: at, text: 'unclosed action' };
  if (char === '(') return { kind: 'paren-open', pos: at, text: char };
  if (char === ')') return { kind: 'paren-close', pos: at, text: char };
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    let text = pattern.exec(input)?.[0];
    if (text === undefined) continue;
    // A blank before `-}}` belongs to the delimiter.
    if (kind === 'space' && /^-\}\}/.test(input.slice(at + text.length, at + text.length + 3))) {
      text = text.slice(0, -1);
    }
    const next = input.slice(at + text.length);
    if (WORDS.has(kind) && !TERMINATOR.test(next)) {
      return { kind: 'error', pos: at, text: `bad character ${codeName(next)}` };
    }
    if (kind === 'number' && /^[\w\x80-\uffff]/.test(next)) {
      const bad = JSON.stringify(text + next.slice(0, 1));
      return { kind: 'error', pos: at, text: `bad number syntax: ${bad}` };
    }
    if (kind === 'other') return unmatched(text, at);
    return { kind: kind === 'identifier' ? wordKind(text) : kind, pos: at, text };
  }
  return { kind: 'error', pos: at, text: `unrecognized character in action: ${codeName(input.slice(at))}` };
}

function wordKind(text: string): TokenKind {
  if (KEYWORDS.has(text)) return 'keyword';
  if (text === 'true' || text === 'false') return 'bool';
  return text === 'nil' ? 'nil' : 'identifier';
}

function unmatched(char: string, pos: Pos): Token {
  const problem: Readonly<Record<string, string>> = {
    '"': 'unterminated quoted string',
    '`': 'unterminated raw quoted string',
    "'": 'unterminated character constant',
    ':': 'expected :=',
  };
  const text = problem[char];
  return text === undefined ? { kind: 'other', pos, text: char } : { kind: 'error', pos, text };
}

function codeName(text: string): string {
  const code = text.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}
