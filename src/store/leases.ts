/**
 * What running operations need kept although no record refers to it yet (a blob just fetched, a snapshot just
 * unpacked). Leases live in memory: an operation does not survive the daemon, and neither may its lease.
 */
export class Leases<T> {
  readonly #held = new Map<T, number>();

  /** A new lease, holding nothing. Dispose of it when the operation has ended and its records are committed. */
  take(): Lease<T> {
    return new Lease(this.#held);
  }

  /** Everything that some lease holds. */
  held(): T[] {
    return [...this.#held.keys()];
  }

  has(resource: T): boolean {
    return this.#held.has(resource);
  }
}

/** One operation's holdings: `using lease = leases.take()`. */
export class Lease<T> {
  readonly #counts: Map<T, number>;
  readonly #mine = new Set<T>();

  constructor(counts: Map<T, number>) {
    this.#counts = counts;
  }

  /** Holds `resource` until the lease is disposed of. Adding it twice is once. */
  add(resource: T): void {
    if (this.#mine.has(resource)) return;
    this.#mine.add(resource);
    this.#counts.set(resource, (this.#counts.get(resource) ?? 0) + 1);
  }

  /** What this lease holds. */
  resources(): T[] {
    return [...this.#mine];
  }

  [Symbol.dispose](): void {
    for (const resource of this.#mine) {
      const left = (this.#counts.get(resource) ?? 1) - 1;
      if (left === 0) this.#counts.delete(resource);
      else this.#counts.set(resource, left);
    }
    this.#mine.clear();
  }
}
