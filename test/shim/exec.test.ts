import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readExitRecord } from '../../src/kernel/shim-record.ts';
import { alive, collect, ctx, ENV, Lab, sh, until } from './lab.ts';

test('an exec runs in the container and has its own streams and exit code', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100', { more: [{ op: 'hostname', name: 'inside' }] });
  const exec = await container.exec(
    'hostname; echo err >&2; echo $$ $PPID; readlink /proc/self/ns/pid; readlink /proc/1/ns/pid; exit 5',
  );
  const { stdout, stderr } = await collect(exec.output);
  const [host, ids, own, init] = stdout.split('\n');
  assert.deepEqual([host, ids?.split(' ')[1], stderr], ['inside', '0', 'err\n']);
  assert.equal(own, init);
  assert.equal((await exec.exit)?.exitCode, 5);
  assert.equal(container.log().stdout, '', 'an exec is not logged');
});

test('it is in every namespace of the container', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec(
    'for ns in mnt uts ipc net pid cgroup user; do [ "$(readlink /proc/self/ns/$ns)" = "$(readlink /proc/1/ns/$ns)" ] || echo $ns; done; ls /',
  );
  const { stdout } = await collect(exec.output);
  assert.equal(stdout, 'bin\ndev\netc\nproc\nroot\nsys\ntmp\n');
});

test('standard input reaches it and ends when the client says so', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec('wc -c', { stdin: true });
  exec.stdin?.end(Buffer.alloc(1 << 20));
  assert.equal((await collect(exec.output)).stdout.trim(), String(1 << 20));
});

test('its record stays, and everybody who waits is told', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec('read -t 0.1 x; exit 6', { id: 'kept', stdin: true });
  const waiting = [container.shim.wait(ctx, 'kept'), container.shim.wait(ctx, 'kept')];
  assert.deepEqual(
    (await Promise.all(waiting)).map((record) => record.exitCode),
    [6, 6],
  );
  assert.equal(readExitRecord(container.runDir, 'kept')?.pid, exec.pid);
  assert.equal((await container.shim.wait(ctx, 'kept')).exitCode, 6);
  await assert.rejects(container.shim.wait(ctx, 'never'), { kind: 'not-found' });
});

test('detached, it runs on after the client has left', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec('sleep 0.1; echo x; exit 7', { id: 'alone', output: false });
  exec.close();
  assert.equal((await container.shim.wait(ctx, 'alone')).exitCode, 7);
});

test('signals reach it alone', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec('exec sleep 100', { id: 'victim' });
  await container.shim.signal(ctx, 15, 'victim');
  await collect(exec.output);
  assert.deepEqual([(await exec.exit)?.exitCode, (await exec.exit)?.signal], [143, 15]);
  assert.equal((await container.shim.state(ctx)).status, 'running');
  await assert.rejects(container.shim.signal(ctx, 15, 'victim'), { kind: 'not-found' });
});

test('what fails is reported, and the container does not notice', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  await assert.rejects(container.exec([{ op: 'exec', argv: ['nosuch'], env: ENV }]), {
    op: 'EXEC',
    code: 'ENOENT',
    kind: 'invalid',
  });
  await assert.rejects(container.exec([{ op: 'cwd', path: '/nosuch' }, sh('true')]), {
    op: 'CWD',
    code: 'ENOENT',
  });
  await assert.rejects(container.exec('true', { id: '../x' }), /exec id: EINVAL/);
  const first = await container.exec('sleep 100', { id: 'twice' });
  await assert.rejects(container.exec('true', { id: 'twice' }), { kind: 'conflict' });
  first.close();
  assert.deepEqual(await collect((await container.exec('echo fine')).output), {
    stdout: 'fine\n',
    stderr: '',
  });
  assert.deepEqual(
    readdirSync(container.runDir).filter((name) => name.includes('new')),
    [],
  );
});

test('execs end with init, and their clients are told', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec('sleep 100', { id: 'last' });
  await container.shim.signal(ctx, 9);
  await collect(exec.output);
  assert.equal((await exec.exit)?.exitCode, 137);
  assert.equal((await container.wait()).exitCode, 137);
  assert.equal(readExitRecord(container.runDir, 'last')?.exitCode, 137);
  await until('the shim is gone', () => !alive(container.creation.shimPid));
  await assert.rejects(container.exec('true'), { kind: 'unavailable' });
});

test('a container that was not started takes no exec', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  await assert.rejects(container.exec('true'), { kind: 'not-found' });
});

test('a reader that is slow slows the exec and nothing else', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec('yes 0123456789abcde | head -n 2000000; echo done >&2', { id: 'flood' });
  await sleep(100);
  assert.equal(alive(exec.pid), true);
  assert.equal((await collect((await container.exec('echo quick')).output)).stdout, 'quick\n');
  let bytes = 0;
  let end = '';
  for await (const piece of exec.output) {
    if (piece.stream === 'stdout') bytes += piece.data.length;
    else end += piece.data.toString();
  }
  assert.deepEqual([bytes, end], [32_000_000, 'done\n']);
});

test('what an exec leaves running in the background does not hold its client', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const begun = Date.now();
  const exec = await container.exec('sleep 50 & echo started; exit 2');
  assert.equal((await collect(exec.output)).stdout, 'started\n');
  assert.equal((await exec.exit)?.exitCode, 2);
  assert.ok(Date.now() - begun < 2000);
});

test('many at once', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const codes = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const exec = await container.exec(`echo ${i}; exit ${i}`);
      const { stdout } = await collect(exec.output);
      return [stdout, (await exec.exit)?.exitCode];
    }),
  );
  assert.deepEqual(
    codes,
    codes.map((_, i) => [`${i}\n`, i]),
  );
});

test('a null device stands for streams that nobody wants', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  await container.exec('for fd in 0 1 2; do readlink /proc/$$/fd/$fd; done >/tmp/fds', {
    id: 'quiet',
    output: false,
  });
  await container.shim.wait(ctx, 'quiet');
  const { stdout } = await collect((await container.exec('cat /tmp/fds')).output);
  assert.equal(stdout, '/dev/null\n/tmp/fds\n/dev/null\n');
});
