import { stat } from 'node:fs/promises';
import { EngineError, messageOf } from '../../base/errors.ts';
import type { UnpackSource } from '../unpack-job.ts';
import type { ToWorker, WorkerJob } from './protocol.ts';

/** Most bytes of a stream that are on their way to a worker. */
const WINDOW = 4 << 20;

/** How a worker comes by a source's bytes; lives as long as its job. */
export class Feed {
  readonly #source: UnpackSource;
  readonly #post: (message: ToWorker) => void;
  #stopped = false;
  #sent = 0;
  #consumed = 0;
  #wake: () => void = () => {};
  #stopListening: () => void = () => {};

  constructor(source: UnpackSource, post: (message: ToWorker) => void) {
    this.#source = source;
    // After stop() the worker may have another job, to which this source means nothing.
    this.#post = (message) => {
      if (!this.#stopped) post(message);
    };
  }

  /** The source as the worker shall see it at first. */
  async describe(): Promise<WorkerJob['source']> {
    const source = this.#source;
    switch (source.kind) {
      case 'growing': {
        const { path, size, received } = source.blob;
        return { kind: 'file', path, size, received };
      }
      case 'file': {
        const size = await sizeOf(source.path);
        return { kind: 'file', path: source.path, size, received: size };
      }
      case 'stream':
        return { kind: 'stream' };
    }
  }

  /** Goes on until all is told or {@link stop}. Rejects when the source fails. */
  async run(): Promise<void> {
    const source = this.#source;
    switch (source.kind) {
      case 'growing':
        this.#stopListening = source.blob.onGrowth((bytes) => this.#post({ kind: 'received', bytes }));
        // What came between describe() and now.
        this.#post({ kind: 'received', bytes: source.blob.received });
        await source.blob.whole;
        this.#post({ kind: 'received', bytes: source.blob.size });
        break;
      case 'file':
        break;
      case 'stream':
        await this.#pump(source.stream);
    }
  }

  /** The worker shall give up. */
  cancel(): void {
    this.#post({ kind: 'cancel' });
  }

  /** The worker has worked off `bytes` in all. */
  consumed(bytes: number): void {
    this.#consumed = bytes;
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    this.#wake();
  }

  async #pump(stream: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const bytes of stream) {
      while (!this.#stopped && this.#sent - this.#consumed > WINDOW) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      if (this.#stopped) return;
      this.#sent += bytes.byteLength;
      this.#post({ kind: 'chunk', bytes });
    }
    this.#post({ kind: 'end' });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new EngineError('system', `layer file: ${messageOf(error)}`, { cause: error });
  }
}
