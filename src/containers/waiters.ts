import type { ContainerId } from './record.ts';

/** What somebody may wait for: the end of a run, or that the container is no more. */
export type Awaited = 'exit' | 'removal';

export interface WaitResult {
  readonly statusCode: number;
  /** Present when the engine could not run the container to its end. */
  readonly error?: string;
}

type Wake = (result: WaitResult) => void;

/** Those who wait, by container. A removal also ends the wait for an exit, which will not come any more. */
export class Waiters {
  readonly #waiting = new Map<ContainerId, Map<Wake, Awaited>>();

  /** Calls `wake` once when it happens; returns how to stop waiting. */
  add(id: ContainerId, awaited: Awaited, wake: Wake): () => void {
    const waiting = this.#waiting.get(id) ?? new Map<Wake, Awaited>();
    this.#waiting.set(id, waiting.set(wake, awaited));
    return () => this.#drop(id, wake);
  }

  exited(id: ContainerId, result: WaitResult): void {
    for (const [wake, awaited] of this.#waiting.get(id) ?? []) {
      if (awaited !== 'exit') continue;
      this.#drop(id, wake);
      wake(result);
    }
  }

  removed(id: ContainerId, result: WaitResult): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const wake of waiting?.keys() ?? []) wake(result);
  }

  #drop(id: ContainerId, wake: Wake): void {
    const waiting = this.#waiting.get(id);
    waiting?.delete(wake);
    if (waiting?.size === 0) this.#waiting.delete(id);
  }
}
