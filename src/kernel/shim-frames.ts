import type { Duplex } from 'node:stream';
import { EngineError } from '../base/errors.ts';
import { encodeFields, type Field } from './shim-encode.ts';
import { CHUNK_MAX, FRAME_HEADER, FRAME_MAX, MESSAGES, type MessageName } from './shim-protocol.ts';

/** A frame from a shim. `stream` is 1 or 2 for OUTPUT. */
export interface Frame {
  readonly name: MessageName;
  readonly stream: number;
  readonly payload: Buffer;
}

const NAMES: ReadonlyMap<number, MessageName> = new Map(
  (Object.keys(MESSAGES) as MessageName[]).map((name) => [MESSAGES[name][0], name]),
);

/**
 * Frames over a socket. Reads only when asked to, so that whoever does not ask is felt at the other end. One reader at a
 * time.
 */
export class FrameSocket {
  readonly #socket: Duplex;
  #buffer: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Duplex) {
    this.#socket = socket;
    const wake = (): void => this.#wake();
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    // An error is an end: what it means (the shim was killed, the exit record is there) the reader finds out.
    socket.on('readable', wake).on('end', end).on('close', end).on('error', end);
  }

  /** The next frame; undefined at the end of the connection. Throws `data-loss` when the other side speaks something else. */
  async next(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#parse();
      if (frame) return frame;
      const chunk: Buffer | null = this.#socket.read();
      if (chunk) {
        this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
      } else if (this.#ended) {
        return undefined;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #parse(): Frame | undefined {
    if (this.#buffer.length < FRAME_HEADER) return undefined;
    const name = NAMES.get(this.#buffer.readUInt8(0));
    const length = this.#buffer.readUInt32LE(4);
    if (!name || length > CHUNK_MAX) {
      throw new EngineError('data-loss', `the shim sent no frame: type ${this.#buffer[0]}, ${length} bytes`);
    }
    if (this.#buffer.length < FRAME_HEADER + length) return undefined;
    const stream = this.#buffer.readUInt8(1);
    const payload = this.#buffer.subarray(FRAME_HEADER, FRAME_HEADER + length);
    this.#buffer = this.#buffer.subarray(FRAME_HEADER + length);
    return { name, stream, payload };
  }

  /** Sends a message with fields. */
  send(name: MessageName, ...fields: Field[]): void {
    const [type, signature] = MESSAGES[name];
    const payload = encodeFields(signature, fields, name);
    if (payload.length > FRAME_MAX) {
      throw new EngineError('invalid', `arguments and environment are too long: ${payload.length} bytes`);
    }
    this.#socket.write(Buffer.concat([header(type, payload.length), payload]));
  }

  /** Sends bytes as they are, in frames of at most {@link CHUNK_MAX}; `done` when the kernel has taken them. */
  sendRaw(name: MessageName, bytes: Buffer, done: (error?: Error | null) => void): void {
    const [type] = MESSAGES[name];
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += CHUNK_MAX) {
      const part = bytes.subarray(at, at + CHUNK_MAX);
      parts.push(header(type, part.length), part);
    }
    this.#socket.write(Buffer.concat(parts), done);
  }

  close(): void {
    this.#socket.destroy();
  }
}

function header(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/** Reads the fields of a payload, in the order the message's signature gives them. */
export class FieldReader {
  readonly #payload: Buffer;
  #at = 0;

  constructor(payload: Buffer) {
    this.#payload = payload;
  }

  u32(): number {
    this.#at += 4;
    return this.#payload.readUInt32LE(this.#at - 4);
  }

  u64(): bigint {
    this.#at += 8;
    return this.#payload.readBigUInt64LE(this.#at - 8);
  }

  string(): string {
    const length = this.u32();
    this.#at += length + 1;
    return this.#payload.toString('utf8', this.#at - length - 1, this.#at - 1);
  }
}
