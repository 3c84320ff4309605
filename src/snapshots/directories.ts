import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/**
 * The directories of snapshots: `ROOT/N/fs` and `ROOT/N/work`. A directory is made before its record and renamed away
 * after the record is gone, so that a crash leaves at most directories nobody knows: `N` without a record, `*.tmp` that
 * were being filled, `*.gone` that were being removed. All three are swept when the daemon starts.
 */
export class SnapshotDirectories {
  readonly root: string;
  readonly #log: Log;
  readonly #removals = new Set<Promise<void>>();
  #last: number;

  /** Opens `root`, sweeping what `known` ids do not name. */
  constructor(root: string, known: Iterable<number>, log: Log) {
    this.root = root;
    this.#log = log;
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const ids = new Set(known);
    this.#last = Math.max(0, ...ids);
    for (const name of readdirSync(root)) {
      const id = /^\d+/.exec(name)?.[0];
      this.#last = Math.max(this.#last, Number(id ?? 0));
      if (!/^\d+$/.test(name) || !ids.has(Number(name))) this.#remove(name);
    }
  }

  /** A number that no directory has had. */
  nextId(): number {
    return ++this.#last;
  }

  /** Path of a directory to be filled; not made. */
  temporary(): string {
    return join(this.root, `${this.nextId()}.tmp`);
  }

  /** Makes `ROOT/ID` with the directories `names`. */
  make(id: number, names: readonly string[], mode: number): void {
    const dir = join(this.root, String(id));
    mkdirSync(dir, { mode: 0o700 });
    for (const name of names) mkdirSync(join(dir, name), { mode });
  }

  /** Makes `ROOT/ID` with `filled` as its `fs`. */
  adopt(id: number, filled: string): void {
    mkdirSync(join(this.root, String(id)), { mode: 0o700 });
    renameSync(filled, this.fs(id));
  }

  fs(id: number): string {
    return join(this.root, String(id), 'fs');
  }

  /** Takes `ROOT/ID`, if it is there, out of sight at once and removes it in the background. */
  discard(id: number): void {
    const gone = `${id}.gone`;
    if (!existsSync(join(this.root, String(id)))) return;
    renameSync(join(this.root, String(id)), join(this.root, gone));
    this.#remove(gone);
  }

  /** Fulfilled when nothing is being removed. */
  async drained(): Promise<void> {
    while (this.#removals.size > 0) await Promise.all(this.#removals);
  }

  #remove(name: string): void {
    const removal = rm(join(this.root, name), { recursive: true, force: true }).catch((error: unknown) =>
      this.#log.warn('cannot remove a snapshot directory', { name, error: messageOf(error) }),
    );
    const tracked: Promise<void> = removal.finally(() => this.#removals.delete(tracked));
    this.#removals.add(tracked);
  }
}
