import { EngineError } from '../../base/errors.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const MAX_BLOCK = 128 << 10;
const MAX_HEADER = 18;

/** A part of a frame: a header, a block or a checksum; `ends` says that the frame is complete. */
export interface FramePart {
  readonly bytes: Buffer;
  readonly ends: boolean;
}

type Next =
  | { readonly kind: 'frame' }
  | { readonly kind: 'block'; readonly checksum: boolean }
  | { readonly kind: 'checksum' }
  | { readonly kind: 'skip'; left: number };

/**
 * Cuts a zstd stream into frames and blocks (RFC 8878 3.1), passing over skippable ones, so that a decoder sees one frame
 * at a time and never one whose window takes more than it is given. Throws `invalid`.
 */
export class ZstdFrames {
  readonly #maxWindow: number;
  #pending: Buffer = Buffer.alloc(0);
  #next: Next = { kind: 'frame' };

  /** `maxWindow`: most bytes a decoder shall have to remember. */
  constructor(maxWindow: number) {
    this.#maxWindow = maxWindow;
  }

  *push(chunk: Buffer): Generator<FramePart> {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (;;) {
      const length = this.#partLength(bytes);
      if (length === undefined || length > bytes.length) break;
      const part = bytes.subarray(0, length);
      bytes = bytes.subarray(length);
      const framePart = this.#take(part);
      if (framePart) yield framePart;
    }
    this.#pending = bytes;
  }

  /** Throws when the stream ends in the middle of a frame. */
  finish(): void {
    if (this.#pending.length > 0 || this.#next.kind !== 'frame') {
      throw new EngineError('invalid', 'damaged zstd data: it is cut off');
    }
  }

  /** Length of what comes next, as far as `bytes` tells; undefined when more is needed to say. */
  #partLength(bytes: Buffer): number | undefined {
    const next = this.#next;
    switch (next.kind) {
      case 'frame':
        return this.#headerLength(bytes);
      case 'block':
        return bytes.length < 3 ? undefined : 3 + blockLength(bytes.readUIntLE(0, 3));
      case 'checksum':
        return 4;
      case 'skip':
        return bytes.length === 0 ? undefined : Math.min(next.left, bytes.length);
    }
  }

  #headerLength(bytes: Buffer): number | undefined {
    if (bytes.length < 5) return undefined;
    const magic = bytes.readUInt32LE(0);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return 8;
    if (magic !== MAGIC)
      throw new EngineError('invalid', 'damaged zstd data: no frame where one should begin');
    const { length } = describe(bytes.readUInt8(4));
    return length;
  }

  #take(part: Buffer): FramePart | undefined {
    const next = this.#next;
    switch (next.kind) {
      case 'frame':
        return this.#beginFrame(part);
      case 'block': {
        const last = (part.readUInt8(0) & 1) === 1;
        const ends = last && !next.checksum;
        if (ends) this.#next = { kind: 'frame' };
        else if (last) this.#next = { kind: 'checksum' };
        return { bytes: part, ends };
      }
      case 'checksum':
        this.#next = { kind: 'frame' };
        return { bytes: part, ends: true };
      case 'skip':
        next.left -= part.length;
        if (next.left === 0) this.#next = { kind: 'frame' };
        return undefined;
    }
  }

  #beginFrame(part: Buffer): FramePart | undefined {
    if (part.readUInt32LE(0) !== MAGIC) {
      const left = part.readUInt32LE(4);
      if (left > 0) this.#next = { kind: 'skip', left };
      return undefined;
    }
    const { single, dictionary, sizeBytes, checksum, length } = describe(part.readUInt8(4));
    if (dictionary > 0) throw new EngineError('invalid', 'zstd data that needs a dictionary is refused');
    const window = single
      ? contentSize(part.subarray(length - sizeBytes), sizeBytes)
      : windowSize(part.readUInt8(5));
    if (window > this.#maxWindow) {
      const remedy = 'recompress it with a smaller one (Node.js 22.15 or newer takes 128 MiB)';
      throw new EngineError('invalid', `zstd window of more than ${this.#maxWindow} bytes: ${remedy}`);
    }
    this.#next = { kind: 'block', checksum };
    return { bytes: part, ends: false };
  }
}

/** RFC 8878 3.1.1.1.1, the frame header descriptor. `length` is that of the whole header, magic included. */
function describe(descriptor: number) {
  const single = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const length = Math.min(5 + (single ? 0 : 1) + dictionary + sizeBytes, MAX_HEADER);
  return { single, dictionary, sizeBytes, length, checksum: (descriptor & 4) !== 0 };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(field: Buffer, bytes: number): number {
  if (bytes === 8) return Number(field.readBigUInt64LE(0));
  return field.readUIntLE(0, bytes) + (bytes === 2 ? 256 : 0);
}

/** Bytes after a block's 3-byte header: one for a run of one byte, whatever its length. */
function blockLength(header: number): number {
  const size = header >> 3;
  const type = (header >> 1) & 3;
  if (type === 3 || size > MAX_BLOCK) throw new EngineError('invalid', 'damaged zstd data: bad block');
  return type === 1 ? 1 : size;
}
