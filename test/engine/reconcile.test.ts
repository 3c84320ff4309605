import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { attachContainer } from '../../src/engine/attach.ts';
import { execCreate } from '../../src/engine/exec.ts';
import { execStart } from '../../src/engine/exec-start.ts';
import { containerLogs } from '../../src/engine/logs.ts';
import { containerPaths } from '../../src/engine/paths.ts';
import { unpauseContainer } from '../../src/engine/pause.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { startContainer } from '../../src/engine/start.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { readShimIdentity } from '../../src/kernel/shim-record.ts';
import { ctx, eventually, Lab, LabRoots, Reader, textOf } from './lab.ts';
import type { Order } from './victim.ts';

const VICTIM = join(import.meta.dirname, 'victim.ts');

/** A daemon in a process of its own that has carried out `orders`. */
async function victim(roots: LabRoots, orders: readonly Order[], until = 'ready'): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', VICTIM, JSON.stringify([roots, orders])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.split('\n').includes(until)) resolve();
    });
  });
  return child;
}

async function kill9(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Runs `orders` under a daemon, kills it, waits for `meanwhile`, and opens the next one. */
async function survive(
  roots: LabRoots,
  orders: readonly Order[],
  meanwhile: () => Promise<void> = async () => {},
): Promise<Lab> {
  await kill9(await victim(roots, orders));
  await meanwhile();
  return Lab.open(roots);
}

const LOOP = [
  'sh',
  '-c',
  'trap "exit 5" TERM; i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.02; done',
];

test('containers live on when the daemon is killed, and the next one has them as before', async () => {
  await using roots = LabRoots.make();
  await using lab = await survive(roots, [{ name: 'loop', cmd: LOOP }]);
  const { id, state } = lab.engine.containers.resolve('loop');
  assert.equal(state.status, 'running');
  const before = (await lab.logs(id)).split('\n').length;
  await eventually(async () => (await lab.logs(id)).split('\n').length > before + 5, 'it goes on logging');

  const session = await attachContainer(ctx, lab.engine, id, {
    stdin: false,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
  });
  await new Reader(session).until(/tick \d+\n/);
  session.close();
  const { id: execId } = await execCreate(ctx, lab.engine, id, {
    cmd: ['sh', '-c', 'echo in here'],
    attachStdin: false,
    attachStdout: true,
    attachStderr: true,
    tty: false,
    env: [],
    privileged: false,
    user: '',
    workingDir: '',
    detachKeys: '',
  });
  const exec = await execStart(ctx, lab.engine, execId, { detach: false, tty: false });
  assert.equal(exec && (await textOf(exec.output)), 'in here\n');
  const following = await containerLogs(ctx, lab.engine, id, {
    stdout: true,
    stderr: true,
    follow: true,
    timestamps: false,
    details: false,
  });
  const text = textOf(following.output);
  await stopContainer(ctx, lab.engine, id, { timeout: 10 });
  assert.equal(await lab.wait(id), 5);
  const numbers = (await text)
    .trim()
    .split('\n')
    .map((line) => Number(line.slice(5)));
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => i + 1),
    'no line is lost',
  );
});

test('what ended while no daemon was there has its exit code, and --rm was kept', async () => {
  const file = (roots: LabRoots): string => join(roots.dir, 'go');
  await using roots = LabRoots.make();
  mkdirSync(join(roots.dir, 'data'), { recursive: true });
  const wait = (code: number): string[] => [
    'sh',
    '-c',
    `echo before; while [ ! -e /go/go ]; do sleep 0.01; done; echo after; exit ${code}`,
  ];
  const binds = { binds: [`${roots.dir}:/go`] };
  await kill9(
    await victim(roots, [
      { name: 'seven', cmd: wait(7), host: binds },
      { name: 'gone', cmd: wait(0), host: { ...binds, autoRemove: true } },
      {
        name: 'again',
        cmd: [
          'sh',
          '-c',
          '[ -e /root/ran ] && sleep 1000; touch /root/ran; while [ ! -e /go/go ]; do sleep 0.01; done; exit 1',
        ],
        host: { ...binds, restartPolicy: { name: 'on-failure', maximumRetryCount: 0 } },
      },
    ]),
  );
  const runs = join(roots.dir, 'run/c');
  writeFileSync(file(roots), '');
  await eventually(() => {
    const ids = ['seven', 'gone', 'again'].length;
    return readdirSync(runs).filter((id) => existsSync(join(runs, id, 'exit'))).length === ids;
  }, 'all have ended');
  await using lab = await Lab.open(roots);
  const seven = lab.engine.containers.resolve('seven');
  assert.ok(seven.state.status === 'exited');
  assert.equal(seven.state.code, 7);
  assert.equal(await lab.logs(seven.id), 'before\nafter\n');
  assert.throws(() => lab.engine.containers.resolve('gone'), { kind: 'not-found' });
  await eventually(
    () => lab.engine.containers.resolve('again').state.status === 'running',
    'its policy acts',
  );
  assert.equal(lab.engine.containers.resolve('again').restartCount, 1);
});

test('a paused container is paused still, and its execs go on', async () => {
  await using roots = LabRoots.make();
  await using lab = await survive(roots, [
    { name: 'paused', cmd: LOOP, next: 'pause' },
    { name: 'with-exec', cmd: LOOP, next: 'exec' },
  ]);
  const { id, state } = lab.engine.containers.resolve('paused');
  assert.equal(state.status, 'paused');
  await unpauseContainer(ctx, lab.engine, id);
  const before = (await lab.logs(id)).length;
  await eventually(async () => (await lab.logs(id)).length > before, 'it runs again');
  const other = lab.engine.containers.resolve('with-exec');
  assert.equal(other.state.status, 'running');
});

test('a container whose shim was killed too is ended', async () => {
  let init = 0;
  await using roots = LabRoots.make();
  await using lab = await survive(roots, [{ name: 'orphan', cmd: LOOP }], async () => {
    const runs = join(roots.dir, 'run/c');
    const identity = readShimIdentity(join(runs, readdirSync(runs)[0] ?? ''));
    assert.ok(identity);
    init = identity.init.pid;
    process.kill(identity.shim.pid, 'SIGKILL');
  });
  const { id, state } = lab.engine.containers.resolve('orphan');
  assert.ok(state.status === 'exited');
  assert.equal(state.code, 137);
  await eventually(
    () => !existsSync(`/proc/${init}`) || readFileSync(`/proc/${init}/stat`, 'utf8').includes(') Z'),
    'init is gone',
  );
  await startContainer(ctx, lab.engine, id);
  assert.equal(lab.record(id).state.status, 'running');
});

test('a shim killed under a living daemon ends its container', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(LOOP);
  const identity = readShimIdentity(containerPaths(lab.engine.paths, id).run);
  assert.ok(identity);
  process.kill(identity.shim.pid, 'SIGKILL');
  assert.equal(await lab.wait(id), 137);
  await removeContainer(ctx, lab.engine, id, { force: false, volumes: false, link: false });
  lab.nothingLeft(id);
});

test('after a reboot nothing runs; what shall run with the daemon is started', async () => {
  await using roots = LabRoots.make();
  await using lab = await survive(
    roots,
    [
      { name: 'plain', cmd: LOOP },
      { name: 'always', cmd: LOOP, host: { restartPolicy: { name: 'always', maximumRetryCount: 0 } } },
      { name: 'once', cmd: LOOP, host: { autoRemove: true } },
    ],
    async () => {
      // What a reboot does: processes and the run directory are gone.
      const runs = join(roots.dir, 'run/c');
      for (const id of readdirSync(runs)) {
        const identity = readShimIdentity(join(runs, id));
        if (!identity) continue;
        process.kill(identity.shim.pid, 'SIGKILL');
        process.kill(identity.init.pid, 'SIGKILL');
        await eventually(
          () =>
            !existsSync(`/proc/${identity.init.pid}/exe`) ||
            readFileSync(`/proc/${identity.init.pid}/stat`, 'utf8').includes(') Z'),
          'gone',
        );
      }
      rmSync(runs, { recursive: true });
    },
  );
  const plain = lab.engine.containers.resolve('plain');
  assert.ok(plain.state.status === 'exited');
  assert.equal(plain.state.code, 255);
  await eventually(
    () => lab.engine.containers.resolve('always').state.status === 'running',
    'always is started',
  );
  assert.throws(() => lab.engine.containers.resolve('once'), { kind: 'not-found' });
});

test('a daemon killed at any moment of create, start and remove leaves nothing half-done', async () => {
  const orders: Order[] = [];
  for (let n = 0; n < 40; n++) {
    orders.push({ name: `quick-${n}`, cmd: ['true'], host: { autoRemove: n % 2 === 0 } });
    orders.push({ name: `loop-${n}`, cmd: LOOP });
    orders.push({ name: `made-${n}`, cmd: ['true'], next: 'nothing' });
  }
  for (const delay of [20, 60, 110]) {
    await using roots = LabRoots.make();
    const child = await victim(roots, orders, 'loop-0');
    await new Promise((done) => setTimeout(done, delay));
    await kill9(child);
    await using lab = await Lab.open(roots);
    const { engine } = lab;
    const records = engine.containers.all();
    assert.ok(records.length > 0);
    for (const { id, name, state } of records) {
      assert.ok(engine.snapshots.stat(id), `${name} has its writable layer`);
      const running = existsSync(containerPaths(engine.paths, id).run);
      assert.equal(state.status === 'running', running, `${name} is ${state.status}`);
    }
    const known = new Set<string>(records.map(({ id }) => id));
    const active = [...engine.snapshots.walk()].filter(({ kind }) => kind === 'active');
    for (const { key } of active) assert.ok(known.has(key), 'no layer without a container');
    for (const name of readdirSync(engine.paths.containers))
      assert.ok(known.has(name), 'no directory without a container');
  }
});
