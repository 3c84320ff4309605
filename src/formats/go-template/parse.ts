import { Cursor } from './cursor.ts';
import type { Token, TokenKind } from './lex.ts';
import { parseNumber, unquote } from './literals.ts';
import { type Command, type Node, nodeText, type Operand, type Pipe } from './nodes.ts';

/** A parsed template: its own body and those of the `define`s and `block`s in it. */
export interface Tree {
  body: Node[];
  defined: Map<string, Node[]>;
}

/** Parses a template. Throws `invalid` in Go's words: `template: NAME:LINE: …`. */
export function parseTree(name: string, text: string, functions: ReadonlySet<string>): Tree {
  return new Parser(name, text, functions).parse();
}

/** What ended a list of nodes. */
type Terminator =
  | { word: 'end' }
  | { word: 'eof' }
  | { word: 'else'; chained: 'if' | 'with' | undefined; pos: number };

class Parser {
  readonly #cursor: Cursor;
  readonly #functions: ReadonlySet<string>;
  readonly #defined = new Map<string, Node[]>();
  #variables = ['$'];
  #rangeDepth = 0;

  constructor(name: string, text: string, functions: ReadonlySet<string>) {
    this.#cursor = new Cursor(name, text);
    this.#functions = functions;
  }

  parse(): Tree {
    const body: Node[] = [];
    const end = this.#list(body);
    if (end.word !== 'eof') this.#cursor.fail(`unexpected {{${end.word}}}`);
    return { body, defined: this.#defined };
  }

  /** Reads nodes into `into` up to `end`, `else` or the end of the text. */
  #list(into: Node[]): Terminator {
    for (;;) {
      const token = this.#cursor.next();
      if (token.kind === 'eof') return { word: 'eof' };
      if (token.kind === 'text') into.push({ kind: 'text', pos: token.pos, text: token.text });
      else if (token.kind === 'open') {
        this.#cursor.startAction(token.pos);
        const end = this.#action(into);
        if (end) return end;
      } else this.#cursor.unexpected(token, 'input');
    }
  }

  #action(into: Node[]): Terminator | undefined {
    const token = this.#cursor.peekNonSpace();
    if (token.kind !== 'keyword') {
      into.push({ kind: 'action', pos: token.pos, pipe: this.#pipeline('command', 'close') });
      return undefined;
    }
    this.#cursor.nextNonSpace();
    switch (token.text) {
      case 'if':
      case 'with':
      case 'range':
        into.push(this.#branch(token.text, token.pos));
        return undefined;
      case 'break':
      case 'continue':
        into.push(this.#loopControl(token.text, token.pos));
        return undefined;
      case 'template':
        into.push(this.#templateCall());
        return undefined;
      case 'define':
        this.#define('define clause');
        return undefined;
      case 'block':
        into.push(this.#block());
        return undefined;
      case 'end':
        this.#expectClose('end');
        return { word: 'end' };
      default:
        return this.#else(token.pos);
    }
  }

  #else(pos: number): Terminator {
    const peeked = this.#cursor.peekNonSpace();
    if (peeked.kind === 'keyword' && (peeked.text === 'if' || peeked.text === 'with')) {
      this.#cursor.nextNonSpace();
      return { word: 'else', chained: peeked.text, pos: peeked.pos };
    }
    this.#expectClose('else');
    return { word: 'else', chained: undefined, pos };
  }

  #branch(kind: 'if' | 'with' | 'range', pos: number): Node {
    const scope = this.#variables.length;
    const pipe = this.#pipeline(kind, 'close');
    if (kind === 'range') this.#rangeDepth++;
    const body: Node[] = [];
    const end = this.#list(body);
    if (kind === 'range') this.#rangeDepth--;
    const otherwise = this.#otherwise(kind, end);
    this.#variables.length = scope;
    return { kind, pos, pipe, body, otherwise };
  }

  #otherwise(kind: string, end: Terminator): Node[] | undefined {
    if (end.word === 'eof') return this.#cursor.fail('unexpected EOF');
    if (end.word === 'end') return undefined;
    if (end.chained !== undefined) {
      if (end.chained !== kind) {
        this.#cursor.fail(`unexpected <${end.chained}> in else`);
      }
      return [this.#branch(end.chained, end.pos)];
    }
    const nodes: Node[] = [];
    const last = this.#list(nodes);
    if (last.word === 'eof') this.#cursor.fail('unexpected EOF');
    if (last.word !== 'end') this.#cursor.fail('expected end; found {{else}}');
    return nodes;
  }

  #loopControl(kind: 'break' | 'continue', pos: number): Node {
    const token = this.#cursor.nextNonSpace();
    if (token.kind !== 'close') this.#cursor.unexpected(token, `{{${kind}}}`);
    if (this.#rangeDepth === 0) this.#cursor.fail(`{{${kind}}} outside {{range}}`);
    return { kind, pos };
  }

  #templateCall(): Node {
    const pos = this.#cursor.peekNonSpace().pos;
    const name = this.#stringName('template clause');
    if (this.#cursor.peekNonSpace().kind === 'close') {
      this.#cursor.nextNonSpace();
      return { kind: 'template', pos, name, pipe: undefined };
    }
    return { kind: 'template', pos, name, pipe: this.#pipeline('template clause', 'close') };
  }

  #define(context: string): void {
    const name = this.#stringName(context);
    this.#expectClose(context);
    this.#defined.set(name, this.#isolated(context));
  }

  #block(): Node {
    const pos = this.#cursor.peekNonSpace().pos;
    const name = this.#stringName('block clause');
    const pipe = this.#pipeline('block clause', 'close');
    this.#defined.set(name, this.#isolated('block clause'));
    return { kind: 'template', pos, name, pipe };
  }

  /** A body with a scope of its own. */
  #isolated(context: string): Node[] {
    const outer = { variables: this.#variables, depth: this.#rangeDepth };
    this.#variables = ['$'];
    this.#rangeDepth = 0;
    const body: Node[] = [];
    const end = this.#list(body);
    if (end.word !== 'end')
      this.#cursor.fail(end.word === 'eof' ? 'unexpected EOF' : `unexpected {{else}} in ${context}`);
    this.#variables = outer.variables;
    this.#rangeDepth = outer.depth;
    return body;
  }

  #stringName(context: string): string {
    const token = this.#cursor.nextNonSpace();
    if (token.kind !== 'string') this.#cursor.unexpected(token, context);
    return unquote(token.text) ?? this.#cursor.fail('invalid syntax');
  }

  #pipeline(context: string, end: TokenKind): Pipe {
    const pos = this.#cursor.peekNonSpace().pos;
    const { variables, assigns } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#cursor.nextNonSpace();
      if (token.kind === end) break;
      if (!startsOperand(token)) this.#cursor.unexpected(token, context);
      this.#cursor.backup();
      commands.push(this.#command());
    }
    this.#checkPipeline(commands, context);
    return { pos, variables, assigns, commands };
  }

  #declarations(context: string): { variables: string[]; assigns: boolean } {
    const variables: string[] = [];
    const start = this.#cursor.mark();
    for (;;) {
      const variable = this.#cursor.peekNonSpace();
      if (variable.kind !== 'variable') break;
      this.#cursor.nextNonSpace();
      const after = this.#cursor.nextNonSpace();
      if (after.kind === 'declare' || after.kind === 'assign') {
        variables.push(variable.text);
        if (after.kind === 'declare') this.#variables.push(...variables);
        else for (const name of variables) this.#checkVariable(name);
        return { variables, assigns: after.kind === 'assign' };
      }
      if (after.kind !== 'comma') break;
      if (context !== 'range' || variables.length > 0)
        this.#cursor.fail(`too many declarations in ${context}`);
      variables.push(variable.text);
      const next = this.#cursor.peekNonSpace();
      if (next.kind !== 'variable') this.#cursor.fail('range can only initialize variables');
    }
    this.#cursor.reset(start);
    return { variables: [], assigns: false };
  }

  #command(): Command {
    const pos = this.#cursor.peekNonSpace().pos;
    const args: Operand[] = [];
    for (;;) {
      this.#cursor.peekNonSpace();
      const operand = this.#operand();
      if (operand) args.push(operand);
      const token = this.#cursor.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'close' || token.kind === 'paren-close') this.#cursor.backup();
      else if (token.kind !== 'pipe') this.#cursor.unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.#cursor.fail('empty command');
    return { kind: 'command', pos, args };
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (!term || this.#cursor.peek().kind !== 'field') return term;
    const pos = this.#cursor.peek().pos;
    const names: string[] = [];
    while (this.#cursor.peek().kind === 'field') names.push(this.#cursor.next().text.slice(1));
    switch (term.kind) {
      case 'field':
        return { ...term, pos, names: [...term.names, ...names] };
      case 'variable':
        return { ...term, pos, names: [...term.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#cursor.fail(`unexpected . after term ${JSON.stringify(nodeText(term))}`);
      default:
        return { kind: 'chain', pos, operand: term, names };
    }
  }

  #term(): Operand | undefined {
    const token = this.#cursor.nextNonSpace();
    const { pos, text } = token;
    switch (token.kind) {
      case 'identifier':
        if (!this.#functions.has(text)) this.#cursor.fail(`function ${JSON.stringify(text)} not defined`);
        return { kind: 'function', pos, name: text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, pos };
      case 'variable':
        this.#checkVariable(text);
        return { kind: 'variable', pos, name: text, names: [] };
      case 'field':
        return { kind: 'field', pos, names: [text.slice(1)] };
      case 'bool':
        return { kind: 'bool', pos, value: text === 'true' };
      case 'char':
      case 'number': {
        const literal = parseNumber(text);
        return literal
          ? { kind: 'number', pos, text, ...literal }
          : this.#cursor.fail(`bad number syntax: ${JSON.stringify(text)}`);
      }
      case 'string':
        return { kind: 'string', pos, text, value: unquote(text) ?? this.#cursor.fail('invalid syntax') };
      case 'paren-open':
        return { kind: 'pipe', pos, pipe: this.#pipeline('parenthesized pipeline', 'paren-close') };
      default:
        this.#cursor.backup();
        return undefined;
    }
  }

  #checkPipeline(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.#cursor.fail(`missing value for ${context}`);
    for (const [i, command] of commands.entries()) {
      const first = command.args[0]?.kind;
      if (i > 0 && first && ['bool', 'dot', 'nil', 'number', 'string'].includes(first)) {
        this.#cursor.fail(`non executable command in pipeline stage ${i + 1}`);
      }
    }
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) this.#cursor.fail(`undefined variable ${JSON.stringify(name)}`);
  }

  #expectClose(context: string): void {
    const token = this.#cursor.nextNonSpace();
    if (token.kind !== 'close') this.#cursor.unexpected(token, context);
  }
}

function startsOperand(token: Token): boolean {
  switch (token.kind) {
    case 'bool':
    case 'char':
    case 'dot':
    case 'field':
    case 'identifier':
    case 'number':
    case 'nil':
    case 'string':
    case 'variable':
    case 'paren-open':
      return true;
    default:
      return false;
  }
}
