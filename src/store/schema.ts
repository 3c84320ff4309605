import { EngineError } from '../base/errors.ts';
import type { Bucket } from './bucket.ts';
import type { Store, Tx } from './store.ts';

/**
 * The schema, whole. Each bucket's record is a type and a parser in the file on its right; values are JSON.
 *
 *     DATA/meta/
 *     ├─ meta        "schema" → version                                              store/schema.ts
 *     ├─ counters    NAME → last number given out                                    store/schema.ts
 *     ├─ images      image ID → image record                                         images/image-record.ts
 *     ├─ references  "docker.io/library/x:1" or "…@sha256:…" → target, image ID      images/reference-record.ts
 *     ├─ layers      chain ID → diff ID, parent, size, blob                          images/layer-record.ts
 *     ├─ snapshots   key (chain ID, container ID …) → directory N, kind, parent      snapshots/records.ts
 *     └─ containers  container ID → container record                                 containers/record.ts
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
