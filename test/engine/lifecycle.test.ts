import assert from 'node:assert/strict';
import test from 'node:test';
import { type ErrorKind, isEngineError } from '../../src/base/errors.ts';
import { killContainer } from '../../src/engine/kill.ts';
import { pauseContainer, unpauseContainer } from '../../src/engine/pause.ts';
import { pruneContainers } from '../../src/engine/prune.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { renameContainer } from '../../src/engine/rename.ts';
import { restartContainer } from '../../src/engine/restart.ts';
import { startContainer } from '../../src/engine/start.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { waitContainer } from '../../src/engine/wait.ts';
import { ctx, eventually, Lab } from './lab.ts';

const REMOVE = { force: false, volumes: false, link: false };
const FORCE = { ...REMOVE, force: true };

/** Ends at once when asked to. */
const POLITE = ['sh', '-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'];
/** Does not listen. */
const STUBBORN = ['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done'];

async function ready(lab: Lab, id: string): Promise<void> {
  await eventually(async () => (await lab.logs(id)).includes('ready'), 'ready');
}

function fails(kind: ErrorKind, message: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isEngineError(error, kind), `${kind} expected, got ${String(error)}`);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}

test('a container runs to its end and is removed without a trace', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sh', '-c', 'echo hello; echo oops >&2; exit 3']);
  assert.equal(await lab.wait(id), 3);
  assert.equal(await lab.logs(id), 'hello\noops\n');
  const { state } = lab.record(id);
  assert.ok(state.status === 'exited');
  assert.equal(state.code, 3);
  assert.ok(state.finishedAt > state.startedAt);
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

for (const { name, cmd, code, message } of [
  {
    name: 'not in PATH',
    cmd: ['nosuch'],
    code: 127,
    message: /exec: "nosuch": executable file not found in \$PATH/,
  },
  {
    name: 'no such file',
    cmd: ['/nosuch'],
    code: 127,
    message: /exec: "\/nosuch": stat \/nosuch: no such file or directory/,
  },
  {
    name: 'not executable',
    cmd: ['/etc/passwd'],
    code: 126,
    message: /exec: "\/etc\/passwd": permission denied/,
  },
  {
    name: 'a directory',
    cmd: ['/etc'],
    code: 126,
    message: /exec: "\/etc": (permission denied|is a directory)/,
  },
]) {
  test(`a command that cannot be run: ${name}`, async () => {
    await using lab = await Lab.open();
    const id = await lab.create(cmd);
    await assert.rejects(startContainer(ctx, lab.engine, id), fails('invalid', message));
    const { state } = lab.record(id);
    assert.ok(state.status === 'created');
    assert.equal(state.code, code);
    assert.match(state.error, message);
    assert.equal(lab.engine.runs.size, 0);
  });
}

test('--rm of a container that cannot be started removes it', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['/nosuch'], {}, { autoRemove: true });
  const removed = waitContainer(ctx, lab.engine, id, 'removed');
  await assert.rejects(startContainer(ctx, lab.engine, id), fails('invalid', /no such file or directory/));
  assert.equal((await removed.result).statusCode, 127);
  lab.nothingLeft(id);
});

test('a user that does not exist is said so', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['true'], { user: 'nobody-here' });
  await assert.rejects(
    startContainer(ctx, lab.engine, id),
    fails('invalid', 'unable to find user nobody-here: no matching entries in passwd file'),
  );
});

test('a name belongs to one container at a time', async () => {
  await using lab = await Lab.open();
  const first = await lab.create(['true'], {}, {}, '/web');
  await assert.rejects(
    lab.create(['true'], {}, {}, 'web'),
    fails(
      'conflict',
      `Conflict. The container name "/web" is already in use by container "${first}". You have to remove (or rename) that container to be able to reuse that name.`,
    ),
  );
  const second = await lab.create(['true'], {}, {}, 'other');
  await assert.rejects(
    renameContainer(ctx, lab.engine, second, 'web'),
    fails('conflict', /^Error when allocating new name: Conflict\. The container name "\/web"/),
  );
  await renameContainer(ctx, lab.engine, first, 'old-web');
  await renameContainer(ctx, lab.engine, second, 'web');
  assert.equal(lab.engine.containers.resolve('web').id, second);
  const renames = lab.seen.filter(({ action }) => action === 'rename');
  assert.deepEqual(
    renames.map(({ attributes }) => [attributes['oldName'], attributes['name']]),
    [
      ['/web', 'old-web'],
      ['/other', 'web'],
    ],
  );
});

test('two containers wanting one name at the same time: one gets it', async () => {
  await using lab = await Lab.open();
  const results = await Promise.allSettled([1, 2, 3].map(() => lab.create(['true'], {}, {}, 'web')));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(lab.engine.containers.all().length, 1);
});

test('a failed create leaves nothing', async () => {
  await using lab = await Lab.open();
  for (const [host, kind, message] of [
    [{ networkMode: 'default' }, 'not-implemented', /network "default": this version has no bridge networks/],
    [
      { mounts: [{ type: 'bind', source: '/no/such/dir', target: '/x', readOnly: false, consistency: '' }] },
      'invalid',
      /bind source path does not exist: \/no\/such\/dir$/,
    ],
    [{ capAdd: ['NOPE'] }, 'invalid', /NOPE/],
    [{ networkMode: 'container:nobody' }, 'not-found', /No such container: nobody/],
    [{ runtime: 'runsc' }, 'invalid', 'unknown or invalid runtime name: runsc'],
  ] as const) {
    await assert.rejects(lab.create(['true'], {}, host, 'web'), fails(kind, message));
  }
  await assert.rejects(
    lab.create(['true'], { image: 'nosuch' }),
    fails('not-found', 'No such image: nosuch:latest'),
  );
  assert.equal(lab.engine.containers.all().length, 0);
  assert.ok(!lab.engine.containers.hasName('web'));
  assert.deepEqual(
    [...lab.engine.snapshots.walk()].filter(({ kind }) => kind === 'active'),
    [],
  );
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
