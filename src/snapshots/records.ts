import { EngineError } from '../base/errors.ts';
import { jsonObject, jsonSize, jsonString } from '../formats/json.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Reader } from '../store/store.ts';
import type { SnapshotInfo, SnapshotKey, SnapshotKind } from './snapshotter.ts';

/** A snapshot as it is stored. */
export interface SnapshotRecord {
  readonly kind: SnapshotKind;
  /** Name of its directory; a view has none of its own. */
  readonly id?: number;
  readonly parent?: SnapshotKey;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** `snapshots`: key → {@link SnapshotRecord}. */
export const SNAPSHOTS: Bucket<SnapshotKey, SnapshotRecord> = { name: 'snapshots', parse };

function parse(value: unknown): SnapshotRecord {
  const json = jsonObject(value, 'snapshot');
  return {
    kind: kindOf(jsonString(json['kind'], 'kind')),
    ...(json['id'] !== undefined && { id: jsonSize(json['id'], 'id') }),
    ...(json['parent'] !== undefined && { parent: jsonString(json['parent'], 'parent') }),
    createdAt: jsonSize(json['createdAt'], 'createdAt'),
  };
}

function kindOf(text: string): SnapshotKind {
  if (text === 'active' || text === 'view' || text === 'committed') return text;
  throw new EngineError('data-loss', `${JSON.stringify(text)} is no kind of snapshot`);
}

/** A record as the outside sees it. */
export function infoOf(key: SnapshotKey, { kind, parent, createdAt }: SnapshotRecord): SnapshotInfo {
  return { key, kind, ...(parent !== undefined && { parent }), createdAt };
}

/** The record of `key`. Throws `not-found`. */
export function getSnapshot(read: Reader, key: SnapshotKey): SnapshotRecord {
  const record = read.get(SNAPSHOTS, key);
  if (!record) throw new EngineError('not-found', `no such snapshot: ${key}`);
  return record;
}

/** A committed snapshot, which others may stand on. Throws `not-found`, or `conflict` when it is not committed. */
export function getCommitted(read: Reader, key: SnapshotKey): SnapshotRecord {
  const record = getSnapshot(read, key);
  if (record.kind === 'committed') return record;
  throw new EngineError('conflict', `snapshot ${key} is ${record.kind}, not committed`);
}

/** Directory names of `key` and of all below it, the uppermost first. */
export function chainOf(read: Reader, key: SnapshotKey): number[] {
  const ids: number[] = [];
  for (let at: SnapshotKey | undefined = key; at !== undefined; ) {
    const { id, parent } = getSnapshot(read, at);
    if (id !== undefined) ids.push(id);
    at = parent;
  }
  return ids;
}
