import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcessStat } from '../../src/kernel/processes.ts';
import { connectShim } from '../../src/kernel/shim-client.ts';
import { createShim } from '../../src/kernel/shim-create.ts';
import { ShimProcess } from '../../src/kernel/shim-process.ts';
import { isAlive, readExitRecord, readShimIdentity, reapLostShim } from '../../src/kernel/shim-record.ts';
import { alive, ctx, ENV, Lab, sh, until } from './lab.ts';

test('a container prints and exits with its code', async () => {
  await using lab = new Lab();
  const container = await lab.run('echo out; echo err >&2; exit 7');
  assert.deepEqual(await container.finish(), { code: 7, stdout: 'out\n', stderr: 'err\n' });
});

test('the exit record says how, when, and of whom', async () => {
  await using lab = new Lab();
  const before = Date.now();
  const container = await lab.run('exit 255');
  const told = await container.wait();
  const { finishedAt, ...record } = readExitRecord(container.runDir) ?? assert.fail('no record');
  assert.deepEqual(record, {
    pid: container.creation.pid,
    exitCode: 255,
    signal: 0,
    lostLogLines: 0,
    failedHooks: 0,
  });
  assert.match(finishedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z$/);
  assert.ok(Math.abs(Date.parse(finishedAt) - before) < 60_000, finishedAt);
  assert.equal(told.finishedAt, finishedAt);
});

test('signals end it with 128 + number', async () => {
  await using lab = new Lab();
  for (const signal of [9, 15]) {
    const container = await lab.run('trap "kill -9 $$; exit 3" USR1; while :; do sleep 0.01; done');
    await container.shim.signal(ctx, signal).catch(() => {});
    // Signals without a handler do not reach PID 1 of a namespace, except SIGKILL from outside.
    if (signal === 15) await container.shim.signal(ctx, 9);
    const record = await container.wait();
    assert.deepEqual([record.exitCode, record.signal], [137, 9]);
  }
});

test('a handled signal arrives, also at every process of the container', async () => {
  await using lab = new Lab();
  const container = await lab.run('trap "echo got; exit 5" TERM; echo up; while :; do sleep 0.01; done');
  await until('it is up', () => container.log().stdout === 'up\n');
  await container.shim.signal(ctx, 15);
  assert.deepEqual(await container.finish(), { code: 5, stdout: 'up\ngot\n', stderr: '' });
});

test('state follows the life', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  assert.equal((await container.shim.state(ctx)).status, 'created');
  assert.equal((await container.shim.state(ctx)).pid, container.creation.pid);
  await container.creation.start(ctx, [sh('sleep 100')]);
  assert.equal((await container.shim.state(ctx)).status, 'running');
  await container.shim.signal(ctx, 9);
  await container.wait();
  await until('the shim is gone', () => !alive(container.creation.shimPid));
  await assert.rejects(container.shim.state(ctx), { kind: 'unavailable' });
  assert.equal((await container.wait()).exitCode, 137, 'from the record');
  assert.deepEqual(readdirSync(container.runDir).sort(), ['exit', 'init.pid', 'json.log', 'rootfs']);
});

test('everybody who waits is told', async () => {
  await using lab = new Lab();
  const container = await lab.run('read -t 0.05 x; exit 4');
  const records = await Promise.all(Array.from({ length: 20 }, () => container.wait()));
  assert.deepEqual(
    records.map((record) => record.exitCode),
    Array(20).fill(4),
  );
});

test('abort before start leaves nothing', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  const { pid, shimPid } = container.creation;
  await container.creation.abort();
  assert.deepEqual([alive(pid), alive(shimPid)], [false, false]);
  assert.equal(readExitRecord(container.runDir), undefined);
  assert.equal(existsSync(join(container.runDir, 'shim.sock')), false);
});

const commands: { name: string; argv: [string, ...string[]]; want: string; kind: string }[] = [
  { name: 'a command not in PATH', argv: ['nosuch'], want: 'ENOENT', kind: 'invalid' },
  { name: 'a path that is not there', argv: ['/bin/nosuch'], want: 'ENOENT', kind: 'invalid' },
  { name: 'a file that is not executable', argv: ['/etc/plain'], want: 'EACCES', kind: 'invalid' },
  { name: 'a directory', argv: ['/etc'], want: 'EACCES', kind: 'invalid' },
  { name: 'an empty name', argv: [''], want: 'ENOENT', kind: 'invalid' },
];
for (const row of commands) {
  test(`start reports ${row.name}, and nothing is left`, async () => {
    await using lab = new Lab();
    const container = await lab.create();
    const program = [{ op: 'umask', mask: 0o22 } as const, { op: 'exec', argv: row.argv, env: ENV } as const];
    await assert.rejects(container.creation.start(ctx, program), {
      name: 'ShimFailure',
      phase: 'start',
      op: 'EXEC',
      index: 1,
      code: row.want,
      kind: row.kind,
    });
    assert.deepEqual([alive(container.creation.pid), alive(container.creation.shimPid)], [false, false]);
    assert.equal(readExitRecord(container.runDir), undefined);
  });
}

test('PATH is searched in order, and a refused file does not end the search', async () => {
  await using lab = new Lab();
  const container = await lab.create({ more: [{ op: 'mkfile', path: '/usr/bin/echo', mode: 0o644 }] });
  await container.creation.start(ctx, [
    { op: 'exec', argv: ['echo', 'found'], env: ['PATH=/nosuch::/usr/bin:/bin'] },
  ]);
  assert.equal((await container.finish()).stdout, 'found\n');
});

test('a failing operation is reported with its index, kind, errno and words; nothing is left', async () => {
  await using lab = new Lab();
  const spec = lab.spec({ more: [{ op: 'sysctl', path: 'net/nosuch', value: '1' }] });
  await assert.rejects(createShim(ctx, lab.image, spec), {
    name: 'ShimFailure',
    phase: 'create',
    op: 'SYSCTL',
    index: spec.program.findIndex((op) => op.op === 'sysctl'),
    code: 'ENOENT',
    message: `operation ${spec.program.length - 2} (SYSCTL): open /proc/sys/net/nosuch: ENOENT`,
  });
  assert.deepEqual(readdirSync(spec.runDir).sort(), ['init.pid', 'json.log', 'rootfs']);
});

test('the kernel’s words on a bad mount option are passed on', async () => {
  await using lab = new Lab();
  const spec = lab.spec({ mounts: [{ ...mountOf('tmpfs'), options: ['size=7q'] }] });
  await assert.rejects(
    createShim(ctx, lab.image, spec),
    /operation 3 \(MOUNT\): option size=7q: tmpfs: Bad value for 'size': EINVAL/,
  );
});

function mountOf(fstype: string) {
  return { op: 'mount', fstype, source: fstype, target: '/mnt', options: [], attrs: [] } as const;
}

test('a run directory that is not there is reported', async () => {
  await using lab = new Lab();
  await assert.rejects(createShim(ctx, lab.image, { ...lab.spec(), runDir: join(lab.dir, 'nosuch') }), {
    message: `the shim: open ${join(lab.dir, 'nosuch')}: ENOENT`,
  });
});

test('a log that cannot be opened is reported', async () => {
  await using lab = new Lab();
  await assert.rejects(lab.create({ log: { path: '/nosuch/log', maxSize: 0, maxFiles: 1 } }), {
    message: 'the shim: open the log /nosuch/log: ENOENT',
  });
});

test('a program that cannot be run is reported', async () => {
  await using lab = new Lab();
  const image = { ...lab.image, take: () => new ShimProcess('/nosuch') };
  await assert.rejects(createShim(ctx, image, lab.spec()), {
    kind: 'system',
    message: 'the shim ended without an answer: spawn /nosuch ENOENT',
  });
});

test('a spare shim that was killed is replaced', async () => {
  await using lab = new Lab();
  for (let i = 0; i < 3; i++) {
    const container = await lab.run('exit 3');
    assert.equal((await container.wait()).exitCode, 3);
    await sleep(60);
    const spare = childrenOf(process.pid).filter((pid) => pid !== container.creation.shimPid);
    assert.equal(spare.length, 1);
    for (const pid of spare) process.kill(pid, 9);
    await until('it is reaped', () => childrenOf(process.pid).length === 0);
  }
});

/** Shims that this process has started. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && readProcessStat(pid)?.parent === parent)
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'gantry-shim\n');
}

test('a cancelled creation leaves nothing', async () => {
  await using lab = new Lab();
  const spec = lab.spec({
    more: [hook('createRuntime', 'sleep 100')],
  });
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(createShim({ ...ctx, signal: abort.signal }, lab.image, spec), { kind: 'cancelled' });
  const identity = readShimIdentity(spec.runDir) ?? assert.fail('no init.pid');
  assert.deepEqual([isAlive(identity.shim), isAlive(identity.init)], [false, false]);
});

function hook(when: 'createRuntime', script: string) {
  const argv = ['sh', '-c', script];
  return { op: 'hook', when, path: '/bin/sh', argv, env: [], timeoutMs: 0, state: ['', ''] } as const;
}

test('a run directory of any length will do', async () => {
  await using lab = new Lab();
  const runDir = join(lab.dir, 'x'.repeat(100), 'y'.repeat(200));
  mkdirSync(join(runDir), { recursive: true });
  const creation = await createShim(ctx, lab.image, { ...lab.spec(), runDir });
  await creation.start(ctx, [sh('exit 3')]);
  assert.equal((await connectShim(runDir).wait(ctx)).exitCode, 3);
});

test('shim and init are known by pid and start time', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const identity = readShimIdentity(container.runDir) ?? assert.fail('no init.pid');
  assert.deepEqual(
    [identity.shim.pid, identity.init.pid],
    [container.creation.shimPid, container.creation.pid],
  );
  assert.ok(isAlive(identity.init));
  assert.equal(isAlive({ ...identity.init, startTime: identity.init.startTime + 1n }), false, 'recycled pid');
});

test('after SIGKILL of the shim the container can still be ended and gets a record', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const identity = readShimIdentity(container.runDir) ?? assert.fail('no init.pid');
  const waiting = container.wait();
  process.kill(identity.shim.pid, 9);
  await assert.rejects(waiting, { kind: 'unavailable' });
  await until('the shim is gone', () => !isAlive(identity.shim));
  assert.equal(isAlive(identity.init), true);
  const record = await reapLostShim(ctx, container.runDir, identity);
  assert.equal(record.exitCode, 137);
  assert.equal(isAlive(identity.init), false);
  assert.equal((await container.wait()).exitCode, 137);
});

test('the shim holds nothing but what it needs', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  await until('the daemon’s socket is closed', () => !linksOf(container.creation.shimPid).has(3));
  const links = linksOf(container.creation.shimPid);
  const pipes = [1, 2].map((fd) => readlinkSync(`/proc/${container.creation.pid}/fd/${fd}`));
  assert.deepEqual([...links.values()].map((link) => link.replace(/^socket:.*/, 'socket')).sort(), [
    ...Array<string>(3).fill('/dev/null'),
    container.runDir,
    container.logPath,
    'anon_inode:[eventpoll]',
    'anon_inode:[pidfd]',
    'anon_inode:[signalfd]',
    ...pipes,
    'socket',
  ]);
});

function linksOf(pid: number): Map<number, string> {
  const names = readdirSync(`/proc/${pid}/fd`);
  return new Map(names.map((fd) => [Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`)]));
}

test('the shim takes little memory', async (t) => {
  await using lab = new Lab();
  const container = await lab.run('i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; sleep 100');
  await until('it has printed', () => container.log().stdout.endsWith('1999\n'));
  const rollup = readFileSync(`/proc/${container.creation.shimPid}/smaps_rollup`, 'utf8');
  const [rss = 0, pss = 0] = ['Rss', 'Pss'].map((name) =>
    Number(RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1]),
  );
  t.diagnostic(`RSS ${rss} KiB, PSS ${pss} KiB`);
  if (!process.env['GANTRY_SHIM']) assert.ok(rss < 1024 && pss <= 400, `RSS ${rss}, PSS ${pss}`);
});
