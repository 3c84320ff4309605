import type { Worker } from 'node:worker_threads';
import type { Ctx } from '../../base/ctx.ts';
import { EngineError, messageOf } from '../../base/errors.ts';
import { startWorker } from '../../base/worker-entry.ts';
import type { UnpackJob, UnpackResult } from '../unpack-job.ts';
import { Feed } from './feed.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** One worker thread and the job it has, if any. */
export class PoolWorker {
  readonly #thread: Worker;
  #onMessage: (message: FromWorker) => void = () => {};
  #onDeath: (error: Error) => void = () => {};
  #dead = false;

  constructor() {
    this.#thread = startWorker('layers/unpack-worker', {});
    this.#thread.on('message', (message: FromWorker) => this.#onMessage(message));
    this.#thread.on('error', (error: unknown) => this.#die(messageOf(error)));
    this.#thread.on('exit', (code) => this.#die(`it exited with code ${code}`));
  }

  /** False after the thread has ended, whyever. */
  get alive(): boolean {
    return !this.#dead;
  }

  /** Runs one job; the caller sees to it that there is only one at a time. */
  async run(ctx: Ctx, job: UnpackJob): Promise<UnpackResult> {
    const post = (message: ToWorker): void => this.#thread.postMessage(message);
    const feed = new Feed(job.source, post);
    const cancel = (): void => feed.cancel();
    let sourceError: unknown;
    this.#thread.ref();
    ctx.signal.addEventListener('abort', cancel);
    try {
      const source = await feed.describe();
      const { compressedDigest, diffId, target, whiteouts } = job;
      const finished = this.#finished(feed, job.onProgress);
      const checks = { ...(compressedDigest && { compressedDigest }), ...(diffId && { diffId }) };
      post({ kind: 'job', job: { source, target, whiteouts, ...checks } });
      if (ctx.signal.aborted) cancel();
      feed.run().catch((error: unknown) => {
        sourceError = error;
        cancel();
      });
      return await finished;
    } catch (error) {
      if (ctx.signal.aborted) {
        throw new EngineError('cancelled', 'unpacking was cancelled', { cause: ctx.signal.reason });
      }
      throw sourceError ?? error;
    } finally {
      ctx.signal.removeEventListener('abort', cancel);
      feed.stop();
      this.#thread.unref();
    }
  }

  /** Ends the thread, whatever it is doing. */
  async terminate(): Promise<void> {
    await this.#thread.terminate();
  }

  #finished(feed: Feed, onProgress: (bytes: number) => void = () => {}): Promise<UnpackResult> {
    return new Promise((resolve, reject) => {
      this.#onDeath = reject;
      this.#onMessage = (message) => {
        switch (message.kind) {
          case 'consumed':
            feed.consumed(message.bytes);
            onProgress(message.bytes);
            break;
          case 'done':
            resolve(message.result);
            break;
          case 'failed':
            reject(new EngineError(message.error.kind, message.error.message));
        }
      };
      if (this.#dead) reject(new EngineError('system', 'the unpack worker has ended'));
    });
  }

  #die(why: string): void {
    this.#dead = true;
    this.#onDeath(new EngineError('system', `the unpack worker died: ${why}`));
  }
}
