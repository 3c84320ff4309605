import { chmodSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { backgroundCtx } from '../base/ctx.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { O_DIRECTORY, O_PATH, O_RDONLY } from '../kernel/constants.ts';
import { removeTree } from '../kernel/directories.ts';
import { openPath, own } from '../kernel/fd.ts';
import { syncfs } from '../kernel/files.ts';
import { spreadSubdirectories } from '../kernel/inode-flags.ts';

/** Only the daemon may reach into layers: set-uid programs lie in them (CVE-2021-41091). */
const PRIVATE = 0o700;

/**
 * The directories below DATA/snapshots:
 *
 *     N/fs      a layer, or the writable directory of an active snapshot
 *     N/work    overlay's work directory beside it
 *     N.tmp     a layer being unpacked, a copy being made
 *     N.gone    removed, on its way out
 *
 * N is never given out twice while the daemon runs. A directory that no record names is rubbish.
 */
export class SnapshotDirectories {
  readonly base: string;
  readonly #log: Log;
  #lastId = 0;
  #removals: Promise<void> = Promise.resolve();

  constructor(base: string, log: Log) {
    this.base = base;
    this.#log = log;
    mkdirSync(base, { recursive: true, mode: PRIVATE });
    using opened = own(openPath(base, O_RDONLY | O_DIRECTORY));
    spreadSubdirectories(opened.fd);
  }

  /** At start-up: removes what is not among `known`, and gives out numbers above all that are in use. */
  sweep(known: ReadonlySet<number>): void {
    this.#lastId = Math.max(0, ...known);
    for (const name of readdirSync(this.base)) {
      const id = Number.parseInt(name, 10);
      if (id > this.#lastId) this.#lastId = id;
      if (String(id) === name && known.has(id)) continue;
      this.#log.info('removing a directory of no snapshot', { directory: name });
      this.#discard(name);
    }
  }

  nextId(): number {
    return ++this.#lastId;
  }

  fs(id: number): string {
    return join(this.base, String(id), 'fs');
  }

  work(id: number): string {
    return join(this.base, String(id), 'work');
  }

  temporary(): string {
    return join(this.base, `${this.nextId()}.tmp`);
  }

  /** Makes N with an empty `fs` and `work`. */
  make(id: number): void {
    mkdirSync(join(this.base, String(id)), { mode: PRIVATE });
    mkdirSync(this.fs(id), { mode: 0o755 });
    mkdirSync(this.work(id), { mode: PRIVATE });
  }

  /**
   * Makes the root of a writable layer 0755, as under Docker and containerd: images packed from a private temporary
   * directory are common, and their users other than root expect to get in.
   */
  openToAll(id: number): void {
    chmodSync(this.fs(id), 0o755);
  }

  /** Moves a finished directory to N/fs. */
  adopt(id: number, directory: string): void {
    mkdirSync(join(this.base, String(id)), { mode: PRIVATE });
    renameSync(directory, this.fs(id));
  }

  /** Flushes the filesystem: everything moved here before is on disk afterwards, under its name. */
  async flush(): Promise<void> {
    using base = own(openPath(this.base, O_RDONLY | O_DIRECTORY));
    await syncfs(base.fd);
  }

  /** Takes N out of sight now and removes it in the background. */
  remove(id: number): void {
    const gone = `${id}.gone`;
    try {
      renameSync(join(this.base, String(id)), join(this.base, gone));
    } catch (error) {
      // Its record is gone, so the next start-up takes it away.
      this.#log.warn('snapshot directory not removed', { id, error: messageOf(error) });
      return;
    }
    this.#discard(gone);
  }

  /** Removes a temporary directory in the background. */
  discardTemporary(directory: string): void {
    this.#discard(basename(directory));
  }

  async drained(): Promise<void> {
    await this.#removals;
  }

  /** One after another: removal is work for the disk, and nobody waits for it. */
  #discard(name: string): void {
    this.#removals = this.#removals.then(async () => {
      try {
        using base = own(openPath(this.base, O_PATH | O_DIRECTORY));
        await removeTree(backgroundCtx(this.#log), base.fd, name);
      } catch (error) {
        this.#log.warn('snapshot directory not removed', { directory: name, error: messageOf(error) });
      }
    });
  }
}
