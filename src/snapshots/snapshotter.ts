import type { Ctx } from '../base/ctx.ts';

/** Name of a snapshot: a chain ID for an image's layer, a container's ID for its writable layer. */
export type SnapshotKey = string;

export type SnapshotKind = 'active' | 'view' | 'committed';

export interface SnapshotInfo {
  readonly key: SnapshotKey;
  readonly kind: SnapshotKind;
  /** Key of the committed snapshot below; absent at the bottom. */
  readonly parent?: SnapshotKey;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/**
 * How to see a snapshot as one tree: a description, nothing is mounted here. All directories are absolute.
 * - `overlay`: `lower` is in mount order, the uppermost first; without `upper` the mount is read-only
 * - `bind`: the directory is the tree; `readOnly` for views and committed snapshots
 */
export type SnapshotMounts =
  | {
      readonly kind: 'overlay';
      /** Directory the short names in `lowerNames` start from, for mount options that must fit a page. */
      readonly base: string;
      readonly lower: readonly string[];
      /** The same directories relative to `base`. */
      readonly lowerNames: readonly string[];
      readonly upper?: string;
      readonly work?: string;
    }
  | { readonly kind: 'bind'; readonly dir: string; readonly readOnly: boolean };

/** Bytes on disk and number of entries of one snapshot alone, without its parents. */
export interface SnapshotUsage {
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * Keeps filesystem trees as stacks of layers (containerd's vocabulary). A *committed* snapshot never changes and may be a
 * parent; an *active* one is writable; a *view* is a committed one to look at. Keys are unique across kinds.
 *
 * Importing an image: `newLayerDir` → unpack there → settle against `lowerDirs(parent)` → `register`. Running a container:
 * `prepare(id, topLayer)` → `mounts(id)`. Committing it: diff → a new layer as above, or `commit`.
 */
export interface Snapshotter {
  /** How an unpacked layer for this snapshotter marks what it removes: overlay's own marks, or facts to be settled. */
  readonly whiteouts: 'overlay' | 'facts';
  /** Makes a writable snapshot on top of committed `parent` (nothing below when undefined). `conflict` when `key` exists. */
  prepare(ctx: Ctx, key: SnapshotKey, parent: SnapshotKey | undefined): Promise<SnapshotMounts>;
  /** Makes a read-only snapshot of committed `parent`. */
  view(ctx: Ctx, key: SnapshotKey, parent: SnapshotKey): Promise<SnapshotMounts>;
  /** Turns active snapshot `key` into committed `name`; `conflict` when `key` is no active one or `name` exists. */
  commit(ctx: Ctx, name: SnapshotKey, key: SnapshotKey): Promise<void>;
  /** Path for a layer to be unpacked into: it does not exist yet, lies on the right filesystem and is swept after a crash. */
  newLayerDir(): string;
  /** Makes committed snapshot `name` out of an unpacked, settled and flushed directory, which is moved away. Fulfilled when it is durable. */
  register(ctx: Ctx, name: SnapshotKey, parent: SnapshotKey | undefined, dir: string): Promise<void>;
  /** Directories whose merge is committed snapshot `key`, the uppermost first; [] for undefined. */
  lowerDirs(key: SnapshotKey | undefined): readonly string[];
  /** `not-found` when there is none. */
  mounts(key: SnapshotKey): SnapshotMounts;
  /** Undefined when there is none. */
  stat(key: SnapshotKey): SnapshotInfo | undefined;
  usage(ctx: Ctx, key: SnapshotKey): Promise<SnapshotUsage>;
  /** All snapshots, by key. */
  walk(): Iterable<SnapshotInfo>;
  /** Removes a snapshot; `conflict` while others stand on it, `not-found` when there is none. Directories follow in the background. */
  remove(ctx: Ctx, key: SnapshotKey): Promise<void>;
  /** Fulfilled when every directory of removed snapshots is gone. */
  drained(): Promise<void>;
}
