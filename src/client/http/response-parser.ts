import { EngineError } from '../../base/errors.ts';

const MAX_HEAD = 64 * 1024;
/** A chunk's size line or a trailer. */
const MAX_LINE = 8 * 1024;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: (.*))?$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
const SWITCHING_PROTOCOLS = 101;

/** Status line and headers; names in lower case, repeated ones joined with commas. */
export interface ResponseHead {
  status: number;
  reason: string;
  headers: ReadonlyMap<string, string>;
  /** The connection may carry another request afterwards. */
  keepAlive: boolean;
}

/** What a parser reports, in this order; `onData` any number of times. */
export interface ResponseEvents {
  onHead(head: ResponseHead): void;
  onData(bytes: Buffer): void;
  onEnd(): void;
}

/** Where the parser stands (RFC 9112, sections 6 and 7). */
type State =
  | { at: 'head' }
  | { at: 'length'; left: number }
  | { at: 'chunk-size' }
  | { at: 'chunk-data'; left: number }
  | { at: 'chunk-end' }
  | { at: 'trailers' }
  | { at: 'until-close' }
  | { at: 'done' };

/** Reads one HTTP/1.1 response as it comes in. Holds at most one incomplete head or line. Throws `invalid`. */
export class ResponseParser {
  readonly #headOnly: boolean;
  readonly #events: ResponseEvents;
  #state: State = { at: 'head' };
  #pending: Buffer = Buffer.alloc(0);

  /** `headOnly`: the response to a HEAD has no body whatever its headers say. */
  constructor(headOnly: boolean, events: ResponseEvents) {
    this.#headOnly = headOnly;
    this.#events = events;
  }

  /** True when nothing of the response has arrived. */
  get untouched(): boolean {
    return this.#state.at === 'head' && this.#pending.length === 0;
  }

  /** Takes what has arrived; answers what follows the end of the response, if it has ended. */
  push(bytes: Buffer): Buffer | undefined {
    let input = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = Buffer.alloc(0);
    while (this.#state.at !== 'done') {
      const rest = this.#step(this.#state, input);
      if (rest === undefined) {
        this.#pending = input;
        return undefined;
      }
      input = rest;
      if (input.length === 0 && !this.#endsHere()) return undefined;
    }
    return input;
  }

  /** The connection has closed. Throws `unavailable` unless that is how the response ends. */
  close(): void {
    if (this.#state.at === 'done') return;
    if (this.#state.at !== 'until-close') {
      throw new EngineError('unavailable', 'the connection to the daemon was lost within its answer');
    }
    this.#finish();
  }

  /** Some states end without another byte. */
  #endsHere(): boolean {
    return this.#state.at === 'done' || (this.#state.at === 'length' && this.#state.left === 0);
  }

  /** One step forward; undefined when it takes more input than there is. */
  #step(state: Exclude<State, { at: 'done' }>, input: Buffer): Buffer | undefined {
    switch (state.at) {
      case 'head':
        return this.#head(input);
      case 'length':
      case 'chunk-data':
        return this.#counted(state, input);
      case 'chunk-size':
        return this.#line(input, (line) => this.#chunkSize(line));
      case 'chunk-end':
        return this.#line(input, (line) => {
          if (line !== '') throw malformed('a chunk is longer than it says');
          this.#state = { at: 'chunk-size' };
        });
      case 'trailers':
        return this.#line(input, (line) => {
          if (line === '') this.#finish();
        });
      case 'until-close':
        this.#events.onData(input);
        return Buffer.alloc(0);
    }
  }

  #head(input: Buffer): Buffer | undefined {
    const end = input.indexOf('\r\n\r\n');
    if (end < 0) {
      if (input.length > MAX_HEAD) throw malformed(`its head is longer than ${MAX_HEAD} bytes`);
      return undefined;
    }
    const [statusLine = '', ...lines] = input.toString('latin1', 0, end).split('\r\n');
    const rest = input.subarray(end + 4);
    const [, minor, code, reason = ''] = STATUS_LINE.exec(statusLine) ?? [];
    if (code === undefined) throw malformed(`its first line is ${JSON.stringify(statusLine.slice(0, 80))}`);
    const status = Number(code);
    // 100 Continue and the like precede the real answer.
    if (status < 200 && status !== SWITCHING_PROTOCOLS) return rest;
    const headers = parseHeaders(lines);
    const connection = headers.get('connection')?.toLowerCase() ?? '';
    const body = this.#bodyOf(status, headers);
    const keepAlive = minor === '1' && !connection.includes('close') && body.at !== 'until-close';
    this.#state = body;
    this.#events.onHead({ status, reason, headers, keepAlive });
    if (body.at === 'done' || (body.at === 'length' && body.left === 0)) this.#finish();
    return rest;
  }

  #bodyOf(status: number, headers: ReadonlyMap<string, string>): State {
    if (this.#headOnly || status === SWITCHING_PROTOCOLS || status === 204 || status === 304)
      return { at: 'done' };
    const coding = headers.get('transfer-encoding');
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw malformed(`transfer coding ${JSON.stringify(coding)}`);
      return { at: 'chunk-size' };
    }
    const length = headers.get('content-length');
    if (length === undefined) return { at: 'until-close' };
    if (!/^\d{1,15}$/.test(length)) throw malformed(`content length ${JSON.stringify(length.slice(0, 80))}`);
    return { at: 'length', left: Number(length) };
  }

  #counted(state: { at: 'length' | 'chunk-data'; left: number }, input: Buffer): Buffer {
    const bytes = input.subarray(0, state.left);
    const left = state.left - bytes.length;
    if (bytes.length > 0) this.#events.onData(bytes);
    if (left > 0) this.#state = { at: state.at, left };
    else if (state.at === 'chunk-data') this.#state = { at: 'chunk-end' };
    else this.#finish();
    return input.subarray(bytes.length);
  }

  #chunkSize(line: string): void {
    const [, digits] = /^([\da-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line) ?? [];
    if (digits === undefined) throw malformed(`chunk size ${JSON.stringify(line.slice(0, 80))}`);
    const left = Number.parseInt(digits, 16);
    this.#state = left === 0 ? { at: 'trailers' } : { at: 'chunk-data', left };
  }

  #line(input: Buffer, take: (line: string) => void): Buffer | undefined {
    const end = input.indexOf('\r\n');
    if (end < 0) {
      if (input.length > MAX_LINE) throw malformed('a line between chunks is too long');
      return undefined;
    }
    take(input.toString('latin1', 0, end));
    return input.subarray(end + 2);
  }

  #finish(): void {
    this.#state = { at: 'done' };
    this.#events.onEnd();
  }
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value = ''] = HEADER.exec(line) ?? [];
    if (name === undefined) throw malformed(`header line ${JSON.stringify(line.slice(0, 80))}`);
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before === value && key === 'content-length') continue;
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

function malformed(what: string): EngineError {
  return new EngineError('invalid', `the daemon's answer is not HTTP: ${what}`);
}
