import { EngineError } from '../base/errors.ts';

const MAX_DEPTH = 512;
const TOKEN =
  /[ \t\r\n]*(?:("(?:[^"\\\u0000-\u001f]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([{}[\],:]))/y;

/**
 * JSON like `JSON.parse`, except that integers a double cannot hold become `bigint`: nanosecond times and memory limits
 * keep their last digits. Object keys keep their order unless they look like array indexes. Throws `invalid` naming `what`.
 */
export function parseExactJson(text: string, what: string): unknown {
  const reader = new Reader(text, what);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  readonly #text: string;
  readonly #what: string;
  #at = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  value(depth: number): unknown {
    if (depth > MAX_DEPTH) this.#fail('nested too deeply');
    const [, string, number, word, mark] = this.#token();
    if (string !== undefined) return this.#string(string);
    if (number !== undefined) return toNumber(number);
    if (word !== undefined) return word === 'null' ? null : word === 'true';
    if (mark === '[') return this.#array(depth);
    if (mark === '{') return this.#object(depth);
    return this.#fail('unexpected character');
  }

  end(): void {
    if (this.#text.slice(this.#at).trim() !== '') this.#fail('text after the value');
  }

  #array(depth: number): unknown[] {
    const items: unknown[] = [];
    if (this.#skip(']')) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#skip(']')) return items;
      this.#expect(',');
    }
  }

  #object(depth: number): Record<string, unknown> {
    const fields: Record<string, unknown> = Object.create(null);
    if (this.#skip('}')) return fields;
    for (;;) {
      const key = this.#token()[1];
      if (key === undefined) return this.#fail('expected a key');
      this.#expect(':');
      fields[this.#string(key)] = this.value(depth + 1);
      if (this.#skip('}')) return fields;
      this.#expect(',');
    }
  }

  #token(): RegExpExecArray {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (!match) return this.#fail('unexpected character');
    this.#at = TOKEN.lastIndex;
    return match;
  }

  #skip(mark: string): boolean {
    const before = this.#at;
    if (this.#token()[4] === mark) return true;
    this.#at = before;
    return false;
  }

  #expect(mark: string): void {
    if (!this.#skip(mark)) this.#fail(`expected '${mark}'`);
  }

  #string(quoted: string): string {
    try {
      return JSON.parse(quoted);
    } catch (error) {
      throw new EngineError('invalid', `${this.#what}: bad string at offset ${this.#at}`, { cause: error });
    }
  }

  #fail(problem: string): never {
    throw new EngineError('invalid', `${this.#what}: not JSON: ${problem} at offset ${this.#at}`);
  }
}

function toNumber(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || /[.eE]/.test(text) ? value : BigInt(text);
}

/** Compact JSON of what {@link parseExactJson} read, keys in their order. */
export function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${exactJson(item)}`).join(',')}}`;
}

/** Lays raw JSON out anew, one value per line, numbers and strings left exactly as they are (Go's `json.Indent`). */
export function indentJson(text: string, indent = '    '): string {
  let depth = 0;
  const newline = () => '\n' + indent.repeat(depth);
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const out: string[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token === '{' || token === '[') {
      out.push(token);
      depth++;
      if (!isClose(tokens[i + 1])) out.push(newline());
    } else if (isClose(token)) {
      depth--;
      if (!/^[{[]$/.test(tokens[i - 1] ?? '')) out.push(newline());
      out.push(token);
    } else if (token === ',') out.push(',', newline());
    else out.push(token === ':' ? ': ' : token);
  }
  return out.join('');
}

function isClose(token: string | undefined): boolean {
  return token === '}' || token === ']';
}
