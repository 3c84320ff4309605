import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { Committer } from './lmdb/committer.ts';
import { Environment } from './lmdb/environment.ts';
import { typedReader } from './lmdb/raw-reader.ts';
import { MIGRATIONS, type Migration, migrate } from './schema.ts';
import type { Store } from './store.ts';

/**
 * Opens (or makes) the metadata environment in directory `path` and brings its schema up to date. Throws
 * `not-implemented` when it was written by a newer version, `system` when it cannot be opened.
 */
export async function openStore(
  path: string,
  log: Log,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<Store> {
  const environment = Environment.open(path);
  const onCorrupt = (error: unknown): void =>
    log.error('metadata record left out', { error: messageOf(error) });
  const committer = new Committer(environment, onCorrupt);
  const store: Store = {
    ...typedReader(environment, onCorrupt),
    transaction: (work) => committer.submit(work),
    put: (bucket, key, value) => committer.submit((tx) => tx.put(bucket, key, value)),
    delete: (bucket, key) => committer.submit((tx) => tx.delete(bucket, key)),
    async close() {
      await committer.idle();
      await environment.close();
    },
  };
  try {
    await migrate(store, migrations);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}
