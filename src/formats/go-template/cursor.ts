import { EngineError } from '../../base/errors.ts';
import { lexTemplate, type Token } from './lex.ts';

/** Reads a template's tokens and reports what is wrong with them, in Go's words. */
export class Cursor {
  readonly #name: string;
  readonly #text: string;
  readonly #tokens: Token[];
  #at = 0;
  #actionPos = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
    this.#tokens = lexTemplate(text);
  }

  /** A place to come back to with {@link reset}. */
  mark(): number {
    return this.#at;
  }

  reset(mark: number): void {
    this.#at = mark;
  }

  backup(): void {
    this.#at--;
  }

  /** Says where the action begins that the next tokens belong to. */
  startAction(pos: number): void {
    this.#actionPos = pos;
  }

  next(): Token {
    const token = this.#tokens[this.#at];
    if (!token) return { kind: 'eof', pos: this.#text.length, text: '' };
    this.#at++;
    return token;
  }

  peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'eof', pos: this.#text.length, text: '' };
  }

  peekNonSpace(): Token {
    if (this.peek().kind === 'space') this.#at++;
    return this.peek();
  }

  nextNonSpace(): Token {
    this.peekNonSpace();
    return this.next();
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.fail(`unexpected ${describe(token)} in ${context}`);
    const started = lineOf(this.#text, this.#actionPos);
    if (started === lineOf(this.#text, token.pos)) return this.fail(token.text);
    const action = token.text.endsWith(' action') ? '' : ' in action';
    return this.fail(`${token.text}${action} started at ${this.#name}:${started}`);
  }

  fail(problem: string): never {
    const last = this.#tokens[Math.max(0, this.#at - 1)];
    const line = lineOf(this.#text, last?.pos ?? 0);
    throw new EngineError('invalid', `template: ${this.#name}:${line}: ${problem}`);
  }
}

function describe(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (['keyword', 'dot', 'nil'].includes(token.kind)) return `<${token.text}>`;
  return token.text.length > 10
    ? `${JSON.stringify(token.text.slice(0, 10))}...`
    : JSON.stringify(token.text);
}

function lineOf(text: string, pos: number): number {
  return text.slice(0, pos).split('\n').length;
}
