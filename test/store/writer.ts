/** Run by the tests as a process of its own: writes to the store in the given directory and says when a write is acknowledged. */
import { writeSync } from 'node:fs';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { NUMBERS, PAIRS } from './buckets.ts';

const [mode, path = ''] = process.argv.slice(2);
const store = await openStore(path, silentLog);
if (mode === 'once') await once(store);
else await forever(store);

/** One transaction between two marks on stderr, for strace. */
async function once(target: Store): Promise<void> {
  writeSync(2, 'MARK begin\n');
  await target.transaction((tx) => {
    tx.put(NUMBERS, 'one', 1);
    tx.put(PAIRS, 'one', 'x'.repeat(20_000));
  });
  writeSync(2, 'MARK acknowledged\n');
  await target.close();
}

/** Counts up in two buckets at once, naming each acknowledged number on stdout, until killed. */
async function forever(target: Store): Promise<void> {
  for (;;) {
    const numbers = await Promise.all(
      [1, 2, 3].map(() =>
        target.transaction((tx) => {
          const next = tx.nextId('writer');
          tx.put(NUMBERS, String(next), next);
          tx.put(PAIRS, String(next), 'x'.repeat(next % 5000));
          return next;
        }),
      ),
    );
    writeSync(1, `${numbers.join('\n')}\n`);
  }
}
