import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import { type Ctx, checkCancelled, detached } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { removeTree } from '../kernel/directories.ts';
import { openPath, own } from '../kernel/fd.ts';
import { PoolWorker } from './unpack/pool-worker.ts';
import type { UnpackJob, UnpackResult } from './unpack-job.ts';

export interface UnpackPoolOptions {
  /** Jobs at a time. More than cores, because some wait for their download; the kernel shares the cores out. */
  readonly size?: number;
  /** How long a worker is kept without work, in milliseconds. */
  readonly idleMs?: number;
}

/** Unpacks layers in worker threads, which start when they are needed and end when they have been idle. */
export class UnpackPool {
  readonly #size: number;
  readonly #idleMs: number;
  readonly #idle = new Map<PoolWorker, NodeJS.Timeout>();
  readonly #busy = new Set<PoolWorker>();
  readonly #queue: (() => void)[] = [];

  constructor(options: UnpackPoolOptions = {}) {
    this.#size = options.size ?? Math.min(16, Math.max(4, 2 * availableParallelism()));
    this.#idleMs = options.idleMs ?? 5000;
  }

  /**
   * Unpacks one layer into the new directory `job.target`. Throws `data-loss` when a digest is not the one expected,
   * `invalid` for a malformed or hostile archive (naming the entry), `not-implemented` for a compression we do not have,
   * `no-space`, `cancelled`, and whatever the source fails with. The target is gone then.
   */
  async run(ctx: Ctx, job: UnpackJob): Promise<UnpackResult> {
    const worker = await this.#acquire(ctx);
    try {
      return await worker.run(ctx, job);
    } catch (error) {
      if (!worker.alive) await removeTarget(detached(ctx, 600_000), job.target);
      throw error;
    } finally {
      this.#release(worker);
    }
  }

  /** Ends all threads; running jobs fail. */
  async close(): Promise<void> {
    const workers = [...this.#busy, ...this.#idle.keys()];
    for (const timer of this.#idle.values()) clearTimeout(timer);
    this.#idle.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  async #acquire(ctx: Ctx): Promise<PoolWorker> {
    while (this.#busy.size >= this.#size) await this.#turn(ctx);
    checkCancelled(ctx);
    const [idle] = this.#idle.keys();
    if (idle) {
      clearTimeout(this.#idle.get(idle));
      this.#idle.delete(idle);
    }
    const worker = idle?.alive ? idle : new PoolWorker();
    this.#busy.add(worker);
    return worker;
  }

  /** Waits until some job has ended, or the caller goes. */
  async #turn(ctx: Ctx): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#queue.splice(this.#queue.indexOf(go), 1);
        reject(new EngineError('cancelled', 'unpacking was cancelled', { cause: ctx.signal.reason }));
      };
      const go = (): void => {
        ctx.signal.removeEventListener('abort', onAbort);
        resolve();
      };
      ctx.signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(go);
      if (ctx.signal.aborted) onAbort();
    });
  }

  #release(worker: PoolWorker): void {
    this.#busy.delete(worker);
    if (worker.alive) {
      const timer = setTimeout(() => {
        this.#idle.delete(worker);
        worker.terminate().catch(() => {});
      }, this.#idleMs);
      timer.unref();
      this.#idle.set(worker, timer);
    }
    this.#queue.shift()?.();
  }
}

async function removeTarget(ctx: Ctx, target: string): Promise<void> {
  using parent = own(openPath(dirname(target), O_PATH | O_DIRECTORY));
  await removeTree(ctx, parent.fd, basename(target));
}
