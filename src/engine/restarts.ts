import type { ContainerId } from '../containers/record.ts';

interface Pending {
  /** Milliseconds waited, or waiting, before the present run. */
  delay: number;
  timer?: NodeJS.Timeout;
}

/** Restarts by policy that are to come, and how long each container waited last. Lost with the daemon, which begins anew. */
export class Restarts {
  readonly #pending = new Map<ContainerId, Pending>();
  readonly #restart: (id: ContainerId) => void;

  constructor(restart: (id: ContainerId) => void) {
    this.#restart = restart;
  }

  /** Milliseconds waited before the present run; 0 when the user started it. */
  lastDelay(id: ContainerId): number {
    return this.#pending.get(id)?.delay ?? 0;
  }

  schedule(id: ContainerId, delay: number): void {
    this.cancel(id);
    this.#pending.set(id, { delay, timer: setTimeout(this.#restart, delay, id) });
  }

  /** Calls a restart off and forgets the delay: the user has taken over. */
  cancel(id: ContainerId): void {
    clearTimeout(this.#pending.get(id)?.timer);
    this.#pending.delete(id);
  }

  /** Calls everything off: the daemon leaves. */
  close(): void {
    for (const id of [...this.#pending.keys()]) this.cancel(id);
  }
}
