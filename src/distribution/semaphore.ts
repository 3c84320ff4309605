import type { Ctx } from '../base/ctx.ts';
import { checkCancelled } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';

/** At most `size` holders at a time; the others wait in line. */
export class Semaphore {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.#free = size;
  }

  /** Waits for a place and returns how to give it back. Throws `cancelled` when `ctx` is cancelled in line. */
  async acquire(ctx: Ctx): Promise<() => void> {
    checkCancelled(ctx);
    if (this.#free > 0) this.#free--;
    else await this.#wait(ctx);
    let held = true;
    return () => {
      if (held) this.#release();
      held = false;
    };
  }

  #wait(ctx: Ctx): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        ctx.signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(new EngineError('cancelled', 'the operation was cancelled', { cause: ctx.signal.reason }));
      };
      this.#waiting.push(enter);
      ctx.signal.addEventListener('abort', leave, { once: true });
    });
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
