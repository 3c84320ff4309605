import assert from 'node:assert/strict';
import test from 'node:test';
import { killContainer } from '../../src/engine/kill.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { ctx, eventually, fails, Lab, POLITE, ready } from './lab.ts';

const REMOVE = { force: false, volumes: false, link: false };
const FORCE = { ...REMOVE, force: true };

test('on-failure restarts as often as allowed, with growing delays', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(
    ['sh', '-c', 'echo run; exit 1'],
    {},
    { restartPolicy: { name: 'on-failure', maximumRetryCount: 2 } },
  );
  await eventually(() => lab.record(id).state.status === 'exited', 'it gives up');
  assert.equal(lab.record(id).restartCount, 2);
  assert.equal(await lab.logs(id), 'run\nrun\nrun\n');
  assert.deepEqual(await lab.actions(id), ['create', 'start', 'die', 'start', 'die', 'start', 'die']);
  const times = lab.seen
    .filter(({ action }) => action === 'die' || action === 'start')
    .map(({ timeNano }) => Number(timeNano / 1_000_000n));
  const [, die1 = 0, start2 = 0, die2 = 0, start3 = 0] = times;
  assert.ok(start2 - die1 >= 95, `first delay ${start2 - die1}`);
  assert.ok(start3 - die2 >= 190, `second delay ${start3 - die2}`);
});

test('a container that restarts always can be stopped, also between two runs, and removed by force', async () => {
  await using lab = await Lab.open();
  const policy = { restartPolicy: { name: 'always', maximumRetryCount: 0 } } as const;
  const id = await lab.run(['sh', '-c', 'exit 1'], {}, policy);
  await eventually(() => lab.record(id).state.status === 'restarting', 'it waits for its restart');
  await assert.rejects(
    killContainer(ctx, lab.engine, id, 'HUP'),
    fails('conflict', /is restarting, wait until the container is running/),
  );
  await stopContainer(ctx, lab.engine, id, {});
  assert.equal(lab.record(id).state.status, 'exited');
  await new Promise((done) => setTimeout(done, 250));
  assert.equal(lab.record(id).state.status, 'exited', 'it stays down');

  const running = await lab.run(POLITE, {}, policy);
  await ready(lab, running);
  await stopContainer(ctx, lab.engine, running, {});
  await new Promise((done) => setTimeout(done, 250));
  assert.equal(lab.record(running).state.status, 'exited');

  const loop = await lab.run(['sh', '-c', 'exit 1'], {}, policy);
  await eventually(() => lab.record(loop).state.status === 'restarting', 'it waits for its restart');
  await removeContainer(ctx, lab.engine, loop, FORCE);
  lab.nothingLeft(loop);
});
