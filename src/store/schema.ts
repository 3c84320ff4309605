import { EngineError } from '../base/errors.ts';
import type { Bucket } from './bucket.ts';
import type { Store, Tx } from './store.ts';

/**
 * The schema, whole. Each bucket's record is a type and a parser in the folder named on its right; values are JSON.
 *
 *     DATA/meta/
 *     ├─ meta        "schema" → version                                                            store/schema.ts
 *     ├─ counters    NAME → last number given out ("snapshots" …)                                  store/schema.ts
 *     ├─ images      "docker.io/library/busybox:1" or "…@sha256:…" → image record                  images/record.ts
 *     ├─ manifests   manifest digest → facts about the image it describes                          images/facts.ts
 *     ├─ layers      chain ID → {snapshot key, diff ID, size …}                                    images/layer-record.ts
 *     ├─ snapshots   key → {id, kind, parent, createdAt}                                           snapshots/
 *     ├─ containers  container ID → container record                                               containers/record.ts
 *     ├─ names       container name → container ID                                                 containers/
 *     └─ volumes     volume name → volume record                                                   volumes/
 */
export const SCHEMA_VERSION = 1;

/** Turns the schema of version `to - 1` into that of version `to`. */
export interface Migration {
  readonly to: number;
  readonly run: (tx: Tx) => void;
}

/** In order, without gaps, ending at {@link SCHEMA_VERSION}. Version 1 is what an empty environment becomes. */
export const MIGRATIONS: readonly Migration[] = [{ to: 1, run: () => {} }];

const META: Bucket<'schema', number> = { name: 'meta', parse: parseCount };

/** Last number given out, by counter. */
export const COUNTERS: Bucket<string, number> = { name: 'counters', parse: parseCount };

/** Brings `store` to the version of the last migration, each step in a transaction of its own. Throws `not-implemented` when it is newer. */
export async function migrate(store: Store, migrations: readonly Migration[]): Promise<void> {
  const known = migrations.at(-1)?.to ?? 0;
  const found = store.get(META, 'schema') ?? 0;
  if (found > known) {
    const message = `the metadata has schema version ${found}, this program knows ${known}: it was written by a newer version of Gantry; start that one`;
    throw new EngineError('not-implemented', message);
  }
  for (const { to, run } of migrations.filter((migration) => migration.to > found)) {
    await store.transaction((tx) => {
      run(tx);
      tx.put(META, 'schema', to);
    });
  }
}

function parseCount(json: unknown): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= 0) return json;
  throw new EngineError('data-loss', `${JSON.stringify(json)} is not a count`);
}
