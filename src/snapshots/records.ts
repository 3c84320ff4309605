import { EngineError } from '../base/errors.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Reader } from '../store/store.ts';
import type { SnapshotInfo, SnapshotKey, SnapshotKind } from './snapshotter.ts';

/** What is kept of a snapshot. `id` names its directory and is never given out again. */
export interface SnapshotRecord {
  readonly id: number;
  readonly kind: SnapshotKind;
  readonly parent?: SnapshotKey;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** `snapshots`: key → {@link SnapshotRecord}. */
export const SNAPSHOTS: Bucket<SnapshotKey, SnapshotRecord> = { name: 'snapshots', parse };

const KINDS: readonly string[] = ['active', 'view', 'committed'] satisfies SnapshotKind[];

function isKind(value: unknown): value is SnapshotKind {
  return typeof value === 'string' && KINDS.includes(value);
}

function parse(json: unknown): SnapshotRecord {
  if (typeof json === 'object' && json !== null && 'id' in json && 'kind' in json && 'createdAt' in json) {
    const { id, kind, createdAt } = json;
    const parent = 'parent' in json ? json.parent : undefined;
    if (typeof id === 'number' && isKind(kind) && typeof createdAt === 'number') {
      return { id, kind, createdAt, ...(typeof parent === 'string' && { parent }) };
    }
  }
  throw new EngineError('data-loss', 'not a snapshot record');
}

/** The record of a snapshot as the outside sees it. */
export function infoOf(key: SnapshotKey, record: SnapshotRecord): SnapshotInfo {
  const { kind, createdAt, parent } = record;
  return { key, kind, createdAt, ...(parent !== undefined && { parent }) };
}

/** The record; throws `not-found`. */
export function requireSnapshot(read: Reader, key: SnapshotKey): SnapshotRecord {
  const record = read.get(SNAPSHOTS, key);
  if (!record) throw new EngineError('not-found', `snapshot ${key} does not exist`);
  return record;
}

/** Throws unless `key` is a committed snapshot. */
export function requireParent(read: Reader, key: SnapshotKey | undefined): void {
  if (key !== undefined && requireSnapshot(read, key).kind !== 'committed') {
    throw new EngineError('conflict', `snapshot ${key} is not committed and cannot be a parent`);
  }
}

/** Throws `conflict` when `key` is taken. */
export function requireFree(read: Reader, key: SnapshotKey): void {
  if (read.has(SNAPSHOTS, key)) throw new EngineError('conflict', `snapshot ${key} exists already`);
}

/** Throws `conflict` while a snapshot stands on `key`. */
export function requireChildless(read: Reader, key: SnapshotKey): void {
  for (const [child, record] of read.range(SNAPSHOTS)) {
    if (record.parent === key) {
      throw new EngineError('conflict', `snapshot ${key} cannot be removed: ${child} stands on it`);
    }
  }
}
