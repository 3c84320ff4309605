import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog, silentLog } from '../base/log.ts';
import type { Bucket } from './bucket.ts';
import { openStore } from './open.ts';
import type { Store } from './store.ts';

interface Fruit {
  readonly colour: string;
}

const FRUITS: Bucket<string, Fruit> = { name: 'fruits', parse: parseFruit };
/** The same records, read by somebody who wants more of them. */
const STRICT: Bucket<string, Fruit> = {
  name: 'fruits',
  parse: (json, key) => {
    if (key === 'bad') throw new Error('colour is missing');
    return parseFruit(json);
  },
};
const NUMBERS: Bucket<string, bigint> = {
  name: 'numbers',
  parse: (json) => BigInt(String(json)),
  encode: (value) => String(value),
};

function parseFruit(json: unknown): Fruit {
  if (typeof json === 'object' && json !== null && 'colour' in json) return { colour: String(json.colour) };
  throw new Error('not a fruit');
}

async function withStore(run: (store: Store, path: string) => Promise<void>, log = silentLog): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'gantry-store-'));
  const store = await openStore(path, log);
  try {
    await run(store, path);
  } finally {
    await store.close();
    rmSync(path, { recursive: true });
  }
}

test('what was put is there, also after reopening', () =>
  withStore(async (store, path) => {
    await store.put(FRUITS, 'apple', { colour: 'red' });
    await store.put(NUMBERS, 'big', 2n ** 70n);
    assert.deepEqual(store.get(FRUITS, 'apple'), { colour: 'red' });
    assert.equal(store.get(FRUITS, 'pear'), undefined);
    await store.close();
    const again = await openStore(path, silentLog);
    assert.deepEqual(again.get(FRUITS, 'apple'), { colour: 'red' });
    assert.equal(again.get(NUMBERS, 'big'), 2n ** 70n);
    assert.equal(await again.delete(FRUITS, 'apple'), true);
    assert.equal(await again.delete(FRUITS, 'apple'), false);
    assert.equal(again.has(FRUITS, 'apple'), false);
    await again.close();
  }));

test('ranges are in key order and honour prefix, start and end', () =>
  withStore(async (store) => {
    await store.transaction((tx) => {
      for (const key of ['b/2', 'a', 'b/1', 'b/10', 'c', 'bé']) tx.put(FRUITS, key, { colour: key });
    });
    const rows = [
      { name: 'all', in: {}, want: ['a', 'b/1', 'b/10', 'b/2', 'bé', 'c'] },
      { name: 'prefix', in: { prefix: 'b/' }, want: ['b/1', 'b/10', 'b/2'] },
      { name: 'start is in, end is out', in: { start: 'b/10', end: 'c' }, want: ['b/10', 'b/2', 'bé'] },
      { name: 'prefix and start', in: { prefix: 'b/', start: 'b/2' }, want: ['b/2'] },
      { name: 'start before the prefix', in: { prefix: 'b/', start: 'a' }, want: ['b/1', 'b/10', 'b/2'] },
    ];
    for (const row of rows) {
      assert.deepEqual([...store.keys(FRUITS, row.in)], row.want, row.name);
      assert.deepEqual(
        [...store.range(FRUITS, row.in)].map(([key]) => key),
        row.want,
        row.name,
      );
      const within = await store.transaction((tx) => {
        tx.put(FRUITS, 'zzz', { colour: 'x' });
        tx.delete(FRUITS, 'zzz');
        return [...tx.keys(FRUITS, row.in)];
      });
      assert.deepEqual(within, row.want, `${row.name}, within a transaction`);
    }
  }));

test('a transaction writes all or nothing, and sees its own writes and those before it', () =>
  withStore(async (store) => {
    const first = store.transaction((tx) => {
      tx.put(FRUITS, 'apple', { colour: 'red' });
      tx.put(NUMBERS, 'n', 1n);
      return 'done';
    });
    const second = assert.rejects(
      store.transaction((tx) => {
        tx.put(FRUITS, 'pear', { colour: 'green' });
        tx.delete(FRUITS, 'apple');
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    const third = store.transaction((tx) => {
      tx.put(NUMBERS, 'n', (tx.get(NUMBERS, 'n') ?? 0n) + 1n);
      return [...tx.keys(FRUITS)];
    });
    assert.equal(store.get(FRUITS, 'apple'), undefined, 'nothing is visible before it is on disk');
    assert.equal(await first, 'done');
    await second;
    assert.deepEqual(await third, ['apple']);
    assert.equal(store.get(NUMBERS, 'n'), 2n);
    assert.equal(store.has(FRUITS, 'pear'), false);
  }));

test('transactions submitted at every stage of another one all run', () =>
  withStore(async (store) => {
    let submitted = 0;
    const chain = async (depth: number): Promise<void> => {
      submitted++;
      await store.transaction((tx) => tx.nextId('n'));
      if (depth > 0) await Promise.all([chain(depth - 1), Promise.resolve().then(() => chain(depth - 1))]);
    };
    await chain(6);
    assert.equal(await store.transaction((tx) => tx.nextId('n')), submitted + 1);
  }));

test('counters never repeat a number', () =>
  withStore(async (store, path) => {
    const ids = await Promise.all([1, 2, 3].map(() => store.transaction((tx) => tx.nextId('snapshots'))));
    assert.deepEqual(ids, [1, 2, 3]);
    await store.close();
    const again = await openStore(path, silentLog);
    assert.equal(await again.transaction((tx) => tx.nextId('snapshots')), 4);
    assert.equal(await again.transaction((tx) => tx.nextId('other')), 1);
    await again.close();
  }));

test('a corrupt record is named, and does not hide the others', async () => {
  const lines: string[] = [];
  const log = createLog(
    () => 'error',
    (line) => lines.push(line),
  );
  await withStore(async (store) => {
    for (const key of ['apple', 'bad', 'pear']) await store.put(FRUITS, key, { colour: 'red' });
    assert.throws(() => store.get(STRICT, 'bad'), {
      kind: 'data-loss',
      message: 'metadata: record "bad" in fruits is corrupt: colour is missing',
    });
    assert.deepEqual(
      [...store.range(STRICT)].map(([key]) => key),
      ['apple', 'pear'],
    );
    assert.match(lines.join(''), /left out.*record \\"bad\\" in fruits/);
  }, log);
});

test('a closed store says so', () =>
  withStore(async (store) => {
    await store.close();
    assert.throws(() => store.get(FRUITS, 'apple'), {
      kind: 'unavailable',
      message: /the metadata is closed/,
    });
    await assert.rejects(store.put(FRUITS, 'apple', { colour: 'red' }), { kind: 'unavailable' });
  }));

test('keys that cannot be stored are refused', () =>
  withStore(async (store) => {
    for (const key of ['', 'x'.repeat(1025), 'é'.repeat(513)]) {
      await assert.rejects(store.put(FRUITS, key, { colour: 'red' }), { kind: 'invalid' });
    }
    await store.put(FRUITS, 'x'.repeat(1024), { colour: 'long' });
    assert.deepEqual(store.get(FRUITS, 'x'.repeat(1024)), { colour: 'long' });
  }));

test('migrations run once, in order; a newer schema is refused', async () => {
  const path = mkdtempSync(join(tmpdir(), 'gantry-store-'));
  try {
    const ran: number[] = [];
    const one = { to: 1, run: () => void ran.push(1) };
    const two = {
      to: 2,
      run: (tx: Parameters<Parameters<Store['transaction']>[0]>[0]) => {
        ran.push(2);
        tx.put(FRUITS, 'apple', { colour: `${tx.get(FRUITS, 'apple')?.colour}der` });
      },
    };
    const first = await openStore(path, silentLog, [one]);
    await first.put(FRUITS, 'apple', { colour: 'red' });
    await first.close();
    for (let i = 0; i < 2; i++) {
      const second = await openStore(path, silentLog, [one, two]);
      assert.deepEqual(second.get(FRUITS, 'apple'), { colour: 'redder' });
      await second.close();
    }
    assert.deepEqual(ran, [1, 2]);
    await assert.rejects(openStore(path, silentLog, [one]), {
      kind: 'not-implemented',
      message: /schema version 2, this program knows 1: it was written by a newer version/,
    });
  } finally {
    rmSync(path, { recursive: true });
  }
});
