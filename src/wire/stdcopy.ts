import { EngineError } from '../base/errors.ts';

/**
 * Multiplexed stdio of attach, exec and logs without a TTY (Engine API, "Stream format"):
 *
 *     byte 0: stream (0 stdin, 1 stdout, 2 stderr, 3 error of the daemon)   bytes 1-3: zero
 *     bytes 4-7: payload length, big endian                                 then the payload
 */
export type StdStream = 0 | 1 | 2 | 3;
export const STDOUT = 1;
export const STDERR = 2;
export const SYSTEM_ERROR = 3;
export const FRAME_HEADER = 8;

/** One piece of a frame's payload; long frames come in several pieces, so nothing is ever gathered. */
export interface StdChunk {
  stream: StdStream;
  bytes: Buffer;
}

/** The header that precedes `length` bytes of `stream`. */
export function frameHeader(stream: StdStream, length: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER);
  header[0] = stream;
  header.writeUInt32BE(length, 4);
  return header;
}

/** Splits a byte stream into {@link StdChunk}s; holds at most one incomplete header. */
export class FrameDecoder {
  readonly #header = Buffer.alloc(FRAME_HEADER);
  #have = 0;
  #left = 0;

  /** The payload pieces within `input`. Throws `invalid` on an unknown stream number. */
  *push(input: Buffer): Generator<StdChunk> {
    let at = 0;
    while (at < input.length) {
      if (this.#left === 0) {
        const copied = input.copy(this.#header, this.#have, at, at + FRAME_HEADER - this.#have);
        at += copied;
        this.#have += copied;
        if (this.#have < FRAME_HEADER) return;
        this.#left = this.#header.readUInt32BE(4);
        this.#have = 0;
        continue;
      }
      const bytes = input.subarray(at, at + this.#left);
      at += bytes.length;
      this.#left -= bytes.length;
      yield { stream: streamOf(this.#header[0]), bytes };
    }
  }

  /** True between frames: a stream that ends elsewhere was cut off. */
  get atBoundary(): boolean {
    return this.#have === 0 && this.#left === 0;
  }
}

function streamOf(byte: number | undefined): StdStream {
  if (byte === 0 || byte === 1 || byte === 2 || byte === 3) return byte;
  throw new EngineError('invalid', `multiplexed stream: unknown stream number ${byte}`);
}
