import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { silentLog } from '../base/log.ts';
import { asImageId, digestOf } from '../formats/digest.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { DEFAULT_CONFIG } from './config.ts';
import { DEFAULT_HOST_CONFIG } from './host-config.ts';
import { type ContainerRecord, parseContainerId } from './record.ts';
import { CREATED } from './state.ts';
import { ContainerTable } from './table.ts';

function container(digit: string, name: string): ContainerRecord {
  return {
    id: parseContainerId(digit.padEnd(64, '0')),
    name,
    createdAt: '2025-01-01T00:00:00Z',
    imageId: asImageId(digestOf('image')),
    architecture: 'amd64',
    config: DEFAULT_CONFIG,
    hostConfig: DEFAULT_HOST_CONFIG,
    mounts: [],
    state: CREATED,
    restartCount: 0,
    stoppedByUser: false,
  };
}

async function open(
  t: TestContext,
): Promise<{ store: Store; table: ContainerTable; reopen: () => ContainerTable }> {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-table-'));
  const store = await openStore(dir, silentLog);
  t.after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });
  return { store, table: new ContainerTable(store), reopen: () => new ContainerTable(store) };
}

async function add(table: ContainerTable, record: ContainerRecord): Promise<void> {
  table.holdName(record.name, record.id);
  await table.add(record);
}

test('a container is found by ID, name and beginning of the ID', async (t) => {
  const { table } = await open(t);
  const web = container('ab1', 'web');
  await add(table, web);
  await add(table, container('ab2', 'ab1'));
  for (const ref of [web.id, 'web', '/web', 'ab10']) assert.equal(table.resolve(ref).name, 'web', ref);
  assert.equal(table.resolve('ab1').name, 'ab1', 'a name comes before a beginning');
  assert.equal(table.withPrefix('ab2'), 'ab2'.padEnd(64, '0'));
  assert.equal(table.withPrefix('ab'), undefined);
});

for (const { ref, kind, message } of [
  { ref: 'nobody', kind: 'not-found', message: 'No such container: nobody' },
  { ref: '', kind: 'not-found', message: 'No such container: ' },
  { ref: 'c', kind: 'invalid', message: 'multiple IDs found with provided prefix: c' },
] as const) {
  test(`no container is meant by ${JSON.stringify(ref)}`, async (t) => {
    const { table } = await open(t);
    await add(table, container('c1', 'one'));
    await add(table, container('c2', 'two'));
    assert.throws(
      () => table.resolve(ref),
      (error) => isEngineError(error, kind) && error.message === message,
    );
  });
}

test('a name belongs to one container, also while that is being made', async (t) => {
  const { table } = await open(t);
  const [one, two] = [container('1', 'web'), container('2', 'web')];
  table.holdName('web', one.id);
  assert.throws(() => table.holdName('web', two.id), {
    message: new RegExp(`in use by container "${one.id}"`),
  });
  table.freeName('web', two.id);
  assert.ok(table.hasName('web'), 'only who holds a name lets go of it');
  table.freeName('web', one.id);
  await add(table, two);
  await table.delete(two.id);
  assert.ok(!table.hasName('web'));
});

test('a container whose parts cannot be made does not appear, now or later', async (t) => {
  const { table, reopen } = await open(t);
  const record = container('1', 'web');
  table.holdName(record.name, record.id);
  await assert.rejects(table.add(record, Promise.reject(new Error('no layer'))), { message: 'no layer' });
  assert.equal(table.get(record.id), undefined);
  assert.deepEqual(reopen().all(), []);
});

test('what was acknowledged is there after opening again', async (t) => {
  const { table, reopen } = await open(t);
  const record = container('1', 'web');
  await add(table, record);
  await table.update(record.id, (old) => ({ ...old, restartCount: 3 }));
  await add(table, container('2', 'gone'));
  await table.delete(parseContainerId('2'.padEnd(64, '0')));
  const again = reopen();
  assert.deepEqual(again.all(), [{ ...record, restartCount: 3 }]);
  assert.ok(!again.hasName('gone'));
});
