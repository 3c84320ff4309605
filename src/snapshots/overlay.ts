import { chmodSync, chownSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { O_DIRECTORY, O_RDONLY } from '../kernel/constants.ts';
import { openPath, own } from '../kernel/fd.ts';
import { syncfs } from '../kernel/files.ts';
import type { Store } from '../store/store.ts';
import { SnapshotDirectories } from './directories.ts';
import {
  infoOf,
  requireChildless,
  requireFree,
  requireParent,
  requireSnapshot,
  SNAPSHOTS,
  type SnapshotRecord,
} from './records.ts';
import type { SnapshotInfo, SnapshotKey, SnapshotMounts, Snapshotter, SnapshotUsage } from './snapshotter.ts';
import { directoryUsage } from './usage.ts';

/** Snapshots as overlay layers: one directory each, merged by the kernel when mounted. */
export class OverlaySnapshotter implements Snapshotter {
  readonly whiteouts = 'overlay';
  readonly #store: Store;
  readonly #directories: SnapshotDirectories;

  /** Over `root`, which is made when missing and swept of what crashes have left. */
  constructor(root: string, store: Store, log: Log) {
    this.#store = store;
    const known = [...store.range(SNAPSHOTS)].map(([, record]) => record.id);
    this.#directories = new SnapshotDirectories(root, known, log);
  }

  async prepare(_ctx: Ctx, key: SnapshotKey, parent: SnapshotKey | undefined): Promise<SnapshotMounts> {
    await this.#add(key, parent, 'active', (id) => {
      this.#directories.make(id, ['fs', 'work'], 0o755);
      this.#inheritRoot(id, parent);
    });
    return this.mounts(key);
  }

  async view(_ctx: Ctx, key: SnapshotKey, parent: SnapshotKey): Promise<SnapshotMounts> {
    await this.#add(key, parent, 'view', (id) => this.#directories.make(id, [], 0o755));
    return this.mounts(key);
  }

  newLayerDir(): string {
    return this.#directories.temporary();
  }

  async register(_ctx: Ctx, name: SnapshotKey, parent: SnapshotKey | undefined, dir: string): Promise<void> {
    // Flushed after the rename and before the record: a record never names files that a power cut can take away.
    await this.#add(name, parent, 'committed', (id) => {
      this.#directories.adopt(id, dir);
      return this.#flush();
    });
  }

  async commit(_ctx: Ctx, name: SnapshotKey, key: SnapshotKey): Promise<void> {
    await this.#flush();
    await this.#store.transaction((tx) => {
      const record = requireSnapshot(tx, key);
      if (record.kind !== 'active') throw new EngineError('conflict', `snapshot ${key} is not active`);
      requireFree(tx, name);
      tx.delete(SNAPSHOTS, key);
      const committed: SnapshotRecord = { ...record, kind: 'committed' };
      tx.put(SNAPSHOTS, name, committed);
    });
  }

  lowerDirs(key: SnapshotKey | undefined): readonly string[] {
    return this.#chain(key).map((record) => this.#directories.fs(record.id));
  }

  mounts(key: SnapshotKey): SnapshotMounts {
    const record = requireSnapshot(this.#store, key);
    const layers = this.#chain(record.kind === 'committed' ? key : record.parent);
    const [only] = layers;
    if (record.kind !== 'active' && layers.length === 1 && only) {
      return { kind: 'bind', dir: this.#directories.fs(only.id), readOnly: true };
    }
    if (layers.length === 0) return { kind: 'bind', dir: this.#directories.fs(record.id), readOnly: false };
    return {
      kind: 'overlay',
      base: this.#directories.root,
      lower: layers.map((layer) => this.#directories.fs(layer.id)),
      lowerNames: layers.map((layer) => `${layer.id}/fs`),
      ...(record.kind === 'active' && {
        upper: this.#directories.fs(record.id),
        work: join(this.#directories.root, String(record.id), 'work'),
      }),
    };
  }

  stat(key: SnapshotKey): SnapshotInfo | undefined {
    const record = this.#store.get(SNAPSHOTS, key);
    return record && infoOf(key, record);
  }

  async usage(ctx: Ctx, key: SnapshotKey): Promise<SnapshotUsage> {
    const record = requireSnapshot(this.#store, key);
    return record.kind === 'view'
      ? { bytes: 0, inodes: 0 }
      : directoryUsage(ctx, this.#directories.fs(record.id));
  }

  *walk(): Iterable<SnapshotInfo> {
    for (const [key, record] of this.#store.range(SNAPSHOTS)) yield infoOf(key, record);
  }

  async remove(_ctx: Ctx, key: SnapshotKey): Promise<void> {
    const { id } = await this.#store.transaction((tx) => {
      const record = requireSnapshot(tx, key);
      if (record.kind === 'committed') requireChildless(tx, key);
      tx.delete(SNAPSHOTS, key);
      return record;
    });
    this.#directories.discard(id);
  }

  drained(): Promise<void> {
    return this.#directories.drained();
  }

  /** Makes the directory with `make`, then the record; the directory goes again when there can be no record. */
  async #add(
    key: SnapshotKey,
    parent: SnapshotKey | undefined,
    kind: SnapshotRecord['kind'],
    make: (id: number) => void | Promise<void>,
  ): Promise<void> {
    requireFree(this.#store, key);
    requireParent(this.#store, parent);
    const id = this.#directories.nextId();
    try {
      await make(id);
      await this.#store.transaction((tx) => {
        requireFree(tx, key);
        requireParent(tx, parent);
        const record: SnapshotRecord = { id, kind, createdAt: Date.now() };
        tx.put(SNAPSHOTS, key, parent === undefined ? record : { ...record, parent });
      });
    } catch (error) {
      this.#directories.discard(id);
      throw error;
    }
  }

  async #flush(): Promise<void> {
    using root = own(openPath(this.#directories.root, O_RDONLY | O_DIRECTORY));
    await syncfs(root.fd);
  }

  /** The merged root takes its attributes from the uppermost directory: a new one must look like the one below. */
  #inheritRoot(id: number, parent: SnapshotKey | undefined): void {
    const [below] = this.lowerDirs(parent);
    if (below === undefined) return;
    const { mode, uid, gid } = statSync(below);
    chownSync(this.#directories.fs(id), uid, gid);
    chmodSync(this.#directories.fs(id), mode & 0o7777);
  }

  /** Records from `key` down to the bottom. */
  #chain(key: SnapshotKey | undefined): SnapshotRecord[] {
    const records: SnapshotRecord[] = [];
    for (let at = key; at !== undefined; at = records.at(-1)?.parent) {
      records.push(requireSnapshot(this.#store, at));
    }
    return records;
  }
}
