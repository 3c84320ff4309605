import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { EngineError, messageOf } from '../../base/errors.ts';
import { type ResponseHead, ResponseParser } from './response-parser.ts';

/** A response whose body is still coming: read it to the end, or destroy it. */
export interface Reply {
  status: number;
  reason: string;
  headers: ReadonlyMap<string, string>;
  body: Readable;
}

/** The other side has switched protocols: from here on the socket is the caller's. */
export interface Upgraded {
  status: 101;
  socket: Socket;
}

export interface Outgoing {
  method: string;
  target: string;
  headers: Readonly<Record<string, string>>;
  /** Sent with its length, or piece by piece as it comes. */
  body: string | Readable | undefined;
}

const SWITCHING_PROTOCOLS = 101;

/**
 * One request and its response over a connected (or connecting) socket. `done` is called with the socket once it can
 * carry the next request. Rejects with the socket's own error, `unavailable` or `invalid`.
 */
export class Exchange {
  readonly #socket: Socket;
  readonly #outgoing: Outgoing;
  readonly #done: (socket: Socket) => void;
  readonly #parser: ResponseParser;
  readonly #reply: Promise<Reply | Upgraded>;
  #resolve: (reply: Reply | Upgraded) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #head: ResponseHead | undefined;
  #body: Readable | undefined;
  #uploaded = false;
  #ended = false;

  constructor(socket: Socket, outgoing: Outgoing, done: (socket: Socket) => void) {
    this.#socket = socket;
    this.#outgoing = outgoing;
    this.#done = done;
    this.#parser = new ResponseParser(outgoing.method === 'HEAD', {
      onHead: (head) => this.#onHead(head),
      onData: (bytes) => this.#onData(bytes),
      onEnd: () => this.#onEnd(),
    });
    this.#reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** True when the connection failed before the other side had said anything. */
  get unanswered(): boolean {
    return this.#parser.untouched;
  }

  /** Sends the request; resolves when the response's head is there. */
  run(): Promise<Reply | Upgraded> {
    this.#socket.on('data', this.#onSocketData).on('error', this.#fail).on('close', this.#onClose);
    try {
      this.#send();
    } catch (error) {
      this.#fail(error);
    }
    return this.#reply;
  }

  readonly #onSocketData = (bytes: Buffer): void => {
    try {
      const rest = this.#parser.push(bytes);
      if (rest !== undefined) this.#release(rest);
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly #onClose = (): void => {
    try {
      this.#parser.close();
      this.#detach();
    } catch (error) {
      this.#fail(error);
    }
  };

  readonly #fail = (error: unknown): void => {
    this.#detach();
    // Whoever destroys the body may be reading it at this moment: errors there are theirs to see.
    this.#socket.on('error', () => {}).destroy();
    this.#reject(error);
    this.#body?.destroy(error instanceof Error ? error : new Error(String(error)));
  };

  #onHead(head: ResponseHead): void {
    this.#head = head;
    if (head.status === SWITCHING_PROTOCOLS) return;
    const body = new Readable({
      read: () => {
        if (!this.#ended) this.#socket.resume();
      },
      destroy: (error, callback) => {
        if (!this.#ended) {
          this.#detach();
          this.#socket.on('error', () => {}).destroy();
        }
        callback(error);
      },
    });
    this.#body = body;
    this.#resolve({ status: head.status, reason: head.reason, headers: head.headers, body });
  }

  #onData(bytes: Buffer): void {
    if (this.#body?.push(bytes) === false) this.#socket.pause();
  }

  #onEnd(): void {
    this.#ended = true;
    this.#body?.push(null);
  }

  /** The response is complete: the socket goes to whoever needs it next. */
  #release(rest: Buffer): void {
    this.#detach();
    const head = this.#head;
    if (head?.status === SWITCHING_PROTOCOLS) {
      this.#socket.pause();
      if (rest.length > 0) this.#socket.unshift(rest);
      this.#resolve({ status: SWITCHING_PROTOCOLS, socket: this.#socket });
    } else if (head?.keepAlive && this.#uploaded && rest.length === 0) this.#done(this.#socket);
    else this.#socket.on('error', () => {}).destroy();
  }

  #detach(): void {
    this.#socket.off('data', this.#onSocketData).off('error', this.#fail).off('close', this.#onClose);
  }

  #send(): void {
    const { method, target, headers, body } = this.#outgoing;
    const framed: Record<string, string> = { ...headers };
    if (typeof body === 'object') framed['Transfer-Encoding'] = 'chunked';
    else if (body !== undefined || (method !== 'GET' && method !== 'HEAD')) {
      framed['Content-Length'] = String(Buffer.byteLength(body ?? ''));
    }
    const lines = Object.entries(framed).map(([name, value]) => headerLine(name, value));
    const head = `${method} ${checkedTarget(target)} HTTP/1.1\r\n${lines.join('')}\r\n`;
    if (typeof body === 'object') {
      this.#socket.write(head);
      this.#upload(body).catch(this.#fail);
      return;
    }
    this.#uploaded = true;
    this.#socket.write(body === undefined ? head : head + body);
  }

  /** Sends `body` in chunks, no faster than the daemon takes it, and no further once it has refused. */
  async #upload(body: Readable): Promise<void> {
    for await (const bytes of readable(body)) {
      if (this.#head || this.#socket.destroyed) break;
      if (bytes.length === 0) continue;
      this.#socket.write(`${bytes.length.toString(16)}\r\n`);
      this.#socket.write(bytes);
      if (!this.#socket.write('\r\n')) await this.#drained();
    }
    if (this.#head || this.#socket.destroyed) return;
    this.#uploaded = true;
    this.#socket.write('0\r\n\r\n');
  }

  /** Resolves when more may be written, or nothing needs to be any more. */
  #drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const go = (): void => {
        socket.off('drain', go).off('close', go);
        resolve();
      };
      socket.on('drain', go).on('close', go);
    });
  }
}

/** The pieces of what is sent. Throws `invalid` when it cannot be read. */
async function* readable(body: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield Buffer.from(chunk);
  } catch (error) {
    throw new EngineError('invalid', `cannot read what is to be sent: ${messageOf(error)}`, { cause: error });
  }
}

function checkedTarget(target: string): string {
  if (/^[\x21-\x7e]+$/.test(target)) return target;
  throw new EngineError('invalid', `not a request target: ${JSON.stringify(target.slice(0, 200))}`);
}

function headerLine(name: string, value: string): string {
  if (!/^[\w-]+$/.test(name) || /[\r\n\0]/.test(value)) {
    throw new EngineError('invalid', `not a header: ${JSON.stringify(name)}: it may hold no line breaks`);
  }
  return `${name}: ${value}\r\n`;
}
