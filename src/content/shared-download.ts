import { setMaxListeners } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { BlobRef, BlobSource } from './content.ts';
import { diskError } from './layout.ts';

/**
 * One transfer into one ingest file, shared by everybody who wants the blob. It runs until the file is whole, the source
 * fails, or the last participant has left; the bytes that came stay in the file in every case.
 */
export class SharedDownload {
  readonly blob: BlobRef;
  readonly path: string;
  /** Fulfilled when the file is whole, rejected when the transfer ended before. */
  readonly whole: Promise<void>;
  /** Called once, when the last participant has left. */
  readonly #onDeserted: () => void;
  #received = 0;
  #resumedFrom = 0;
  #participants = 0;
  readonly #listeners = new Set<(received: number) => void>();
  readonly #abort = new AbortController();

  constructor(ctx: Ctx, blob: BlobRef, path: string, source: BlobSource, onDeserted: () => void) {
    this.blob = blob;
    this.path = path;
    this.#onDeserted = onDeserted;
    this.whole = this.#run({ ...ctx, signal: this.#abort.signal }, source);
    // Each participant hears of a failure through its own promise; this one may have nobody left.
    this.whole.catch(() => {});
  }

  get received(): number {
    return this.#received;
  }

  get resumedFrom(): number {
    return this.#resumedFrom;
  }

  /** True once the last participant has left: nobody may join any more. */
  get deserted(): boolean {
    return this.#abort.signal.aborted;
  }

  onGrowth(listener: (received: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes part until `leave` is called or `ctx` is cancelled; `whole` is this participant's own view. */
  join(ctx: Ctx): { whole: Promise<void>; leave: () => void } {
    this.#participants++;
    // One pull has many layers, all of which listen to its one signal.
    setMaxListeners(0, ctx.signal);
    let cancel: (reason: EngineError) => void = () => {};
    const cancelled = new Promise<never>((_, reject) => {
      cancel = reject;
    });
    let present = true;
    const leave = (): void => {
      ctx.signal.removeEventListener('abort', onAbort);
      if (present && --this.#participants === 0) this.#desert();
      present = false;
    };
    const onAbort = (): void => {
      cancel(new EngineError('cancelled', 'the download was cancelled', { cause: ctx.signal.reason }));
      leave();
    };
    ctx.signal.addEventListener('abort', onAbort);
    if (ctx.signal.aborted) onAbort();
    const whole = Promise.race([this.whole, cancelled]);
    whole.catch(() => {});
    return { whole, leave };
  }

  #desert(): void {
    this.#abort.abort(new EngineError('cancelled', 'nobody waits for this download any more'));
    this.#onDeserted();
  }

  async #run(ctx: Ctx, source: BlobSource): Promise<void> {
    const file = await open(this.path, 'a+', 0o600).catch((error: unknown) => {
      throw diskError(error, `cannot open ${this.path}`);
    });
    try {
      await this.#keepEarlierBytes(file);
      if (this.#received < this.blob.size) await this.#fill(ctx, file, source);
    } finally {
      await file.close();
    }
  }

  async #keepEarlierBytes(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size > this.blob.size) await file.truncate(this.blob.size);
    this.#received = Math.min(size, this.blob.size);
    this.#resumedFrom = this.#received;
    this.#notify();
  }

  async #fill(ctx: Ctx, file: FileHandle, source: BlobSource): Promise<void> {
    for await (const chunk of source(ctx, this.#received)) {
      if (this.#received + chunk.byteLength > this.blob.size) {
        throw new EngineError('data-loss', `${this.blob.digest}: more than its ${this.blob.size} bytes came`);
      }
      await this.#append(file, chunk);
      this.#notify();
    }
    if (this.#received < this.blob.size) {
      const came = `${this.#received} of ${this.blob.size} bytes`;
      throw new EngineError('unavailable', `${this.blob.digest}: the transfer ended after ${came}`);
    }
  }

  async #append(file: FileHandle, chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (rest.byteLength > 0) {
      const { bytesWritten } = await file.write(rest).catch((error: unknown) => {
        throw diskError(error, `cannot write ${this.path}`);
      });
      this.#received += bytesWritten;
      rest = rest.subarray(bytesWritten);
    }
  }

  #notify(): void {
    for (const listener of this.#listeners) listener(this.#received);
  }
}
