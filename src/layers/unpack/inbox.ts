import { open } from 'node:fs/promises';
import { EngineError } from '../../base/errors.ts';
import type { ToWorker } from './protocol.ts';

/** Bytes read at a time. */
const CHUNK = 1 << 19;

/** What the pool has told a worker about its job's source. */
export class Inbox {
  #received: number;
  readonly #chunks: Buffer[] = [];
  #ended = false;
  #cancelled = false;
  #wake: () => void = () => {};

  /** `received`: bytes of a file that can be read already. */
  constructor(received: number) {
    this.#received = received;
  }

  put(message: Exclude<ToWorker, { kind: 'job' }>): void {
    switch (message.kind) {
      case 'received':
        this.#received = message.bytes;
        break;
      case 'chunk':
        this.#chunks.push(
          Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.byteLength),
        );
        break;
      case 'end':
        this.#ended = true;
        break;
      case 'cancel':
        this.#cancelled = true;
    }
    this.#wake();
  }

  /** Throws `cancelled` once the pool has said so. */
  check(): void {
    if (this.#cancelled) throw new EngineError('cancelled', 'unpacking was cancelled');
  }

  /** The bytes of a file of `size` bytes that grows as `received` messages tell. */
  async *file(path: string, size: number): AsyncGenerator<Buffer> {
    const file = await open(path);
    try {
      for (let at = 0; at < size; ) {
        await this.#until(() => this.#received > at);
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK, this.#received - at, size - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0) {
          throw new EngineError('data-loss', `${path} ends after ${at} of ${size} bytes`);
        }
        at += bytesRead;
        yield chunk.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  /** The bytes of a stream that comes in `chunk` messages. */
  async *stream(): AsyncGenerator<Buffer> {
    for (;;) {
      await this.#until(() => this.#ended || this.#chunks.length > 0);
      const chunk = this.#chunks.shift();
      if (!chunk) return;
      yield chunk;
    }
  }

  async #until(ready: () => boolean): Promise<void> {
    this.check();
    while (!ready()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.check();
    }
  }
}
