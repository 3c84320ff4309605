import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import { attachContainer } from '../../src/engine/attach.ts';
import { killContainer } from '../../src/engine/kill.ts';
import { listContainers } from '../../src/engine/list.ts';
import { pauseContainer, unpauseContainer } from '../../src/engine/pause.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { restartContainer } from '../../src/engine/restart.ts';
import { startContainer } from '../../src/engine/start.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { waitContainer } from '../../src/engine/wait.ts';
import { ctx, Lab, textOf } from './lab.ts';

const FORCE = { force: true, volumes: false, link: false };
const PLAIN = { ...FORCE, force: false };
const ROUNDS = 15;

/** Waits for all; those that fail must fail with one of Docker's refusals. */
async function contend(...work: Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === 'fulfilled') continue;
    assert.ok(isEngineError(result.reason, 'conflict', 'not-found', 'not-modified'), String(result.reason));
  }
}

test('stop against the end: whoever comes first, there is one death and one exit code', async () => {
  await using lab = await Lab.open();
  for (let round = 0; round < ROUNDS; round++) {
    const id = await lab.run(['sh', '-c', 'trap "exit 3" TERM; sleep 0.0$0; exit 4', String(round % 5)]);
    await contend(stopContainer(ctx, lab.engine, id, { timeout: 5 }));
    assert.ok([3, 4, 143].includes(await lab.wait(id)));
    const actions = await lab.actions(id);
    assert.equal(actions.filter((action) => action === 'die').length, 1, actions.join());
    await removeContainer(ctx, lab.engine, id, PLAIN);
    lab.nothingLeft(id);
  }
});

test('remove against start: it runs or it is gone, never both', async () => {
  await using lab = await Lab.open();
  for (let round = 0; round < ROUNDS; round++) {
    const id = await lab.create(['sleep', '1000']);
    const start = () => startContainer(ctx, lab.engine, id);
    const remove = () => removeContainer(ctx, lab.engine, id, PLAIN);
    if (round % 2) await contend(start(), remove());
    else await contend(remove(), start());
    const record = lab.engine.containers.get(id);
    if (record) {
      assert.equal(record.state.status, 'running');
      await removeContainer(ctx, lab.engine, id, FORCE);
    }
    lab.nothingLeft(id);
  }
});

test('everything at once on one container', async () => {
  await using lab = await Lab.open();
  for (let round = 0; round < ROUNDS; round++) {
    const id = await lab.run(
      ['sh', '-c', 'sleep 0.02; exit 1'],
      {},
      { restartPolicy: { name: 'on-failure', maximumRetryCount: 1 } },
    );
    const { engine } = lab;
    await contend(
      killContainer(ctx, engine, id, 'HUP'),
      pauseContainer(ctx, engine, id),
      unpauseContainer(ctx, engine, id),
      restartContainer(ctx, engine, id, { timeout: 0 }),
      stopContainer(ctx, engine, id, { timeout: 0 }),
      startContainer(ctx, engine, id),
      killContainer(ctx, engine, id),
      listContainers(ctx, engine, { all: true, limit: 0, size: true, filters: new Map() }),
    );
    const removed = waitContainer(ctx, engine, id, 'removed');
    await contend(removeContainer(ctx, engine, id, FORCE), removeContainer(ctx, engine, id, FORCE));
    await removed.result;
    lab.nothingLeft(id);
  }
  assert.equal(lab.engine.runs.size, 0);
});

test('many containers at once: each has its own output and code, and nothing is left', async () => {
  await using lab = await Lab.open();
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const id = await lab.create(['sh', '-c', `echo out-${n}; exit ${n}`], {}, { autoRemove: true });
      const session = await attachContainer(ctx, lab.engine, id, {
        stdin: false,
        stdout: true,
        stderr: true,
        stream: true,
        logs: false,
      });
      const removed = waitContainer(ctx, lab.engine, id, 'removed');
      await startContainer(ctx, lab.engine, id);
      assert.equal(await textOf(session.output), `out-${n}\n`);
      assert.equal((await removed.result).statusCode, n);
      return id;
    }),
  );
  for (const id of ids) lab.nothingLeft(id);
  await lab.engine.snapshots.drained();
  assert.deepEqual(
    [...lab.engine.snapshots.walk()].filter(({ kind }) => kind === 'active'),
    [],
  );
});
