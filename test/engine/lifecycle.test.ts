import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import { killContainer } from '../../src/engine/kill.ts';
import { pauseContainer, unpauseContainer } from '../../src/engine/pause.ts';
import { pruneContainers } from '../../src/engine/prune.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { restartContainer } from '../../src/engine/restart.ts';
import { startContainer } from '../../src/engine/start.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { waitContainer } from '../../src/engine/wait.ts';
import { ctx, eventually, fails, Lab, POLITE, ready } from './lab.ts';

const REMOVE = { force: false, volumes: false, link: false };
const FORCE = { ...REMOVE, force: true };

/** Does not listen. */
const STUBBORN = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'];

test('a container runs to its end and is removed without a trace', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sh', '-c', 'echo hello; echo oops >&2; exit 3']);
  assert.equal(await lab.wait(id), 3);
  assert.equal(await lab.logs(id), 'hello\noops\n');
  const { state } = lab.record(id);
  assert.ok(state.status === 'exited');
  assert.equal(state.code, 3);
  assert.ok(Date.parse(state.finishedAt) >= Date.parse(state.startedAt));
  await removeContainer(ctx, lab.engine, id, REMOVE);
  lab.nothingLeft(id);
  assert.deepEqual(await lab.actions(id), ['create', 'start', 'die', 'destroy']);
  assert.throws(() => lab.record(id), fails('not-found', `No such container: ${id}`));
});

test('stop asks first, and kills what does not listen', async () => {
  await using lab = await Lab.open();
  const polite = await lab.run(POLITE);
  const stubborn = await lab.run(STUBBORN);
  await ready(lab, polite);
  await ready(lab, stubborn);
  await stopContainer(ctx, lab.engine, polite, { timeout: 10 });
  assert.equal(await lab.wait(polite), 7);
  await stopContainer(ctx, lab.engine, stubborn, { timeout: 0.1 });
  assert.equal(await lab.wait(stubborn), 137);
  assert.deepEqual(await lab.actions(polite), ['create', 'start', 'kill', 'die', 'stop']);
  assert.deepEqual(await lab.actions(stubborn), ['create', 'start', 'kill', 'kill', 'die', 'stop']);
  await assert.rejects(stopContainer(ctx, lab.engine, polite, {}), fails('not-modified', /already stopped/));
});

test('stop takes the container’s own signal, or the one given', async () => {
  await using lab = await Lab.open();
  const script = 'trap "exit 5" USR1; trap "exit 6" USR2; echo ready; while :; do sleep 0.05; done';
  for (const [signal, want] of [
    [undefined, 5],
    ['SIGUSR2', 6],
  ] as const) {
    const id = await lab.run(['sh', '-c', script], { stopSignal: 'SIGUSR1' });
    await ready(lab, id);
    await stopContainer(ctx, lab.engine, id, signal ? { signal } : {});
    assert.equal(await lab.wait(id), want);
  }
});

test('kill sends any signal; SIGKILL waits for the end', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(
    ['sh', '-c', 'trap "echo hup" HUP; echo ready; while :; do sleep 0.05; done'],
    {},
    {},
    'victim',
  );
  await ready(lab, id);
  await killContainer(ctx, lab.engine, id, 'HUP');
  await eventually(async () => (await lab.logs(id)).includes('hup'), 'the signal arrives');
  assert.equal(lab.record(id).state.status, 'running');
  await killContainer(ctx, lab.engine, id);
  assert.equal(lab.record(id).state.status, 'exited');
  assert.equal(await lab.wait(id), 137);
  await assert.rejects(
    killContainer(ctx, lab.engine, 'victim', 'KILL'),
    fails('conflict', `cannot kill container: victim: container ${id} is not running`),
  );
  await assert.rejects(killContainer(ctx, lab.engine, id, 'NOPE'), fails('invalid', 'invalid signal: NOPE'));
});

test('a paused container stands still, takes no exec, and can be stopped', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(POLITE);
  await ready(lab, id);
  await pauseContainer(ctx, lab.engine, id);
  assert.equal(lab.record(id).state.status, 'paused');
  await assert.rejects(
    pauseContainer(ctx, lab.engine, id),
    fails('conflict', `container ${id} is already paused`),
  );
  await assert.rejects(
    startContainer(ctx, lab.engine, id),
    fails('conflict', 'cannot start a paused container, try unpause instead'),
  );
  await assert.rejects(
    removeContainer(ctx, lab.engine, id, REMOVE),
    fails('conflict', /^You cannot remove a paused container .* Unpause and then stop the container/),
  );
  await unpauseContainer(ctx, lab.engine, id);
  assert.equal(lab.record(id).state.status, 'running');
  await assert.rejects(
    unpauseContainer(ctx, lab.engine, id),
    fails('conflict', `Container ${id} is not paused`),
  );
  await pauseContainer(ctx, lab.engine, id);
  await stopContainer(ctx, lab.engine, id, { timeout: 10 });
  assert.equal(await lab.wait(id), 7);
});

test('a paused container can be killed', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(POLITE);
  await pauseContainer(ctx, lab.engine, id);
  await killContainer(ctx, lab.engine, id);
  assert.equal(await lab.wait(id), 137);
});

test('start again goes on with the same files and the same log, and is no restart by policy', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sh', '-c', 'echo run; ls /root; touch /root/was-here']);
  await lab.wait(id);
  const next = waitContainer(ctx, lab.engine, id, 'next-exit');
  await startContainer(ctx, lab.engine, id);
  await next.result;
  assert.equal(await lab.logs(id), 'run\nrun\nwas-here\n');
  assert.equal(lab.record(id).restartCount, 0);
});

test('starting what runs is no change', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(POLITE);
  await assert.rejects(startContainer(ctx, lab.engine, id), fails('not-modified', /already running/));
});

test('restart stops and starts', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(POLITE);
  await ready(lab, id);
  await restartContainer(ctx, lab.engine, id, { timeout: 10 });
  assert.equal(lab.record(id).state.status, 'running');
  assert.deepEqual(await lab.actions(id), ['create', 'start', 'kill', 'die', 'stop', 'start', 'restart']);
});

test('restarting a container does not set off its --rm', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(POLITE, {}, { autoRemove: true });
  await ready(lab, id);
  await restartContainer(ctx, lab.engine, id, { timeout: 10 });
  assert.equal(lab.record(id).state.status, 'running');
  const removed = waitContainer(ctx, lab.engine, id, 'removed');
  await killContainer(ctx, lab.engine, id);
  await removed.result;
  lab.nothingLeft(id);
});

test('a running container is removed only by force', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(STUBBORN);
  await assert.rejects(
    removeContainer(ctx, lab.engine, id, REMOVE),
    fails(
      'conflict',
      `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
    ),
  );
  const removed = waitContainer(ctx, lab.engine, id, 'removed');
  await removeContainer(ctx, lab.engine, id, FORCE);
  lab.nothingLeft(id);
  assert.equal((await removed.result).statusCode, 137);
  assert.deepEqual(await lab.actions(id), ['create', 'start', 'kill', 'die', 'destroy']);
});

test('--rm removes a container when it has ended, and tells those who wait', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['sh', '-c', 'exit 9'], {}, { autoRemove: true });
  const exited = waitContainer(ctx, lab.engine, id, 'next-exit');
  const removed = waitContainer(ctx, lab.engine, id, 'removed');
  await startContainer(ctx, lab.engine, id);
  assert.equal((await exited.result).statusCode, 9);
  assert.equal((await removed.result).statusCode, 9);
  lab.nothingLeft(id);
  assert.deepEqual(await lab.actions(id), ['create', 'start', 'die', 'destroy']);
});

test('waiting: at once when down, until the end when up, never for a container that only exists', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['sh', '-c', 'sleep 0.2; exit 4']);
  assert.equal(await lab.wait(id), 0);
  const next = waitContainer(ctx, lab.engine, id, 'next-exit');
  await startContainer(ctx, lab.engine, id);
  const up = waitContainer(ctx, lab.engine, id);
  assert.deepEqual(await Promise.all([next.result, up.result]), [{ statusCode: 4 }, { statusCode: 4 }]);
  assert.throws(
    () => waitContainer(ctx, lab.engine, id, 'tired'),
    fails('invalid', 'invalid condition: "tired"'),
  );
  const leaving = new AbortController();
  const given = waitContainer({ ...ctx, signal: leaving.signal }, lab.engine, id, 'removed');
  leaving.abort();
  await assert.rejects(given.result, (error) => isEngineError(error, 'cancelled'));
});

test('prune removes what is down and matches', async () => {
  await using lab = await Lab.open();
  const up = await lab.run(POLITE);
  const plain = await lab.create(['true']);
  const kept = await lab.create(['true'], { labels: { keep: 'yes' } });
  const { deleted, spaceReclaimed } = await pruneContainers(ctx, lab.engine, new Map([['label!', ['keep']]]));
  assert.deepEqual(deleted, [plain]);
  assert.ok(spaceReclaimed >= 0);
  assert.deepEqual(
    lab.engine.containers
      .all()
      .map(({ id }) => id)
      .sort(),
    [up, kept].sort(),
  );
});
