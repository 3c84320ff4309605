import { existsSync } from 'node:fs';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Store, Tx } from '../store/store.ts';
import { SnapshotDirectories } from './directories.ts';
import { getCommitted, getSnapshot, infoOf, SNAPSHOTS, type SnapshotRecord } from './records.ts';
import type { SnapshotInfo, SnapshotKey, SnapshotMounts, Snapshotter, SnapshotUsage } from './snapshotter.ts';
import { treeUsage } from './usage.ts';

/**
 * What both snapshotters share: records and directories, and the order in which they change.
 *
 *     making    directory → (flush, when it is to last) → record      crash: a directory without record, swept at start
 *     removing  record → directory, renamed at once, removed later    crash: the same
 *
 * So a record always has its directory; only a power cut can take the empty directory of an active snapshot, which is
 * made anew at start.
 */
export abstract class DirectorySnapshotter implements Snapshotter {
  abstract readonly whiteouts: 'overlay' | 'facts';
  protected readonly directories: SnapshotDirectories;
  protected readonly store: Store;
  readonly #log: Log;

  /** `base` is DATA/snapshots; it is made, and swept of what a killed daemon left. */
  constructor(base: string, store: Store, log: Log) {
    this.store = store;
    this.#log = log;
    this.directories = new SnapshotDirectories(base, log);
    const known = new Set<number>();
    for (const [, { id }] of store.range(SNAPSHOTS)) if (id !== undefined) known.add(id);
    this.directories.sweep(known);
    for (const [key, record] of store.range(SNAPSHOTS)) this.#restore(key, record);
  }

  abstract mounts(key: SnapshotKey): SnapshotMounts;
  abstract lowerDirs(key: SnapshotKey | undefined): readonly string[];
  /** Makes the directories of an active snapshot over `parent`, with its root's attributes, or none of them. */
  protected abstract makeActive(ctx: Ctx, id: number, parent: SnapshotKey | undefined): Promise<void>;

  async prepare(ctx: Ctx, key: SnapshotKey, parent: SnapshotKey | undefined): Promise<SnapshotMounts> {
    checkFree(this.store.get(SNAPSHOTS, key), key);
    if (parent !== undefined) getCommitted(this.store, parent);
    const id = this.directories.nextId();
    await this.makeActive(ctx, id, parent);
    this.directories.openToAll(id);
    await this.#record(key, { kind: 'active', id, parent });
    return this.mounts(key);
  }

  async view(_ctx: Ctx, key: SnapshotKey, parent: SnapshotKey): Promise<SnapshotMounts> {
    await this.#record(key, { kind: 'view', parent });
    return this.mounts(key);
  }

  async commit(_ctx: Ctx, name: SnapshotKey, key: SnapshotKey): Promise<void> {
    await this.directories.flush();
    await this.store.transaction((tx) => {
      const record = getSnapshot(tx, key);
      if (record.kind !== 'active') {
        throw new EngineError(
          'conflict',
          `snapshot ${key} is ${record.kind}, only an active one can be committed`,
        );
      }
      checkFree(tx.get(SNAPSHOTS, name), name);
      tx.delete(SNAPSHOTS, key);
      const committed: SnapshotRecord = { ...record, kind: 'committed' };
      tx.put(SNAPSHOTS, name, committed);
    });
  }

  newLayerDir(): string {
    return this.directories.temporary();
  }

  async register(_ctx: Ctx, name: SnapshotKey, parent: SnapshotKey | undefined, dir: string): Promise<void> {
    const id = this.directories.nextId();
    this.directories.adopt(id, dir);
    await this.directories.flush();
    await this.#record(name, { kind: 'committed', id, parent });
  }

  stat(key: SnapshotKey): SnapshotInfo | undefined {
    const record = this.store.get(SNAPSHOTS, key);
    return record && infoOf(key, record);
  }

  async usage(ctx: Ctx, key: SnapshotKey): Promise<SnapshotUsage> {
    const { id } = getSnapshot(this.store, key);
    return id === undefined ? { bytes: 0, inodes: 0 } : await treeUsage(ctx, this.directories.fs(id));
  }

  *walk(): Generator<SnapshotInfo> {
    for (const [key, record] of this.store.range(SNAPSHOTS)) yield infoOf(key, record);
  }

  async remove(_ctx: Ctx, key: SnapshotKey): Promise<void> {
    const { id } = await this.store.transaction((tx) => {
      const record = getSnapshot(tx, key);
      for (const [child, { parent }] of tx.range(SNAPSHOTS)) {
        if (parent === key) throw new EngineError('conflict', `snapshot ${key}: ${child} stands on it`);
      }
      tx.delete(SNAPSHOTS, key);
      return record;
    });
    if (id !== undefined) this.directories.remove(id);
  }

  async drained(): Promise<void> {
    await this.directories.drained();
  }

  /** Records a snapshot whose directory is complete; removes the directory when that is refused. */
  async #record(
    key: SnapshotKey,
    { kind, id, parent }: { kind: SnapshotRecord['kind']; id?: number; parent: SnapshotKey | undefined },
  ): Promise<void> {
    const record: SnapshotRecord = {
      kind,
      ...(id !== undefined && { id }),
      ...(parent !== undefined && { parent }),
      createdAt: Date.now(),
    };
    try {
      await this.store.transaction((tx: Tx) => {
        checkFree(tx.get(SNAPSHOTS, key), key);
        if (parent !== undefined) getCommitted(tx, parent);
        tx.put(SNAPSHOTS, key, record);
      });
    } catch (error) {
      if (id !== undefined) this.directories.remove(id);
      throw error;
    }
  }

  #restore(key: SnapshotKey, { kind, id }: SnapshotRecord): void {
    if (id === undefined || existsSync(this.directories.fs(id))) return;
    if (kind === 'active') this.directories.make(id);
    this.#log.warn('the directory of a snapshot is missing', { key, id, kind });
  }
}

function checkFree(there: SnapshotRecord | undefined, key: SnapshotKey): void {
  if (there) throw new EngineError('conflict', `snapshot ${key} exists already`);
}
