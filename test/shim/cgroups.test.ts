import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { alive, collect, ctx, Lab, sh, until } from './lab.ts';

const HYBRID = existsSync('/sys/fs/cgroup/unified');
const V2 = HYBRID ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
const V1 = HYBRID ? ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/freezer'] : [];

test('control groups are entered before the first operation, execs too, and are the root of the namespace', async () => {
  await using lab = new Lab();
  const legacy = V1.map((dir) => `${dir}/gantry-shim-test-${process.pid}`);
  const unified = `${V2}/gantry-shim-test-${process.pid}`;
  for (const dir of [...legacy, unified]) mkdirSync(dir);
  try {
    const container = await lab.run('cat /proc/self/cgroup; sleep 100', {
      namespaces: [
        { op: 'cgroup', unified, legacy },
        { op: 'newNamespaces', types: ['mount', 'pid', 'cgroup'] },
      ],
    });
    await until('it has printed', () => container.log().stdout.includes('0::'));
    const lines = container.log().stdout.split('\n');
    assert.ok(lines.includes('0::/'), 'unified');
    for (const controller of V1.map((dir) => basename(dir))) {
      assert.ok(
        lines.some((line) => line.endsWith(`:${controller}:/`)),
        controller,
      );
    }
    const exec = await container.shim.exec(ctx, {
      id: 'x',
      tty: false,
      stdin: false,
      output: true,
      cgroup: { unified, legacy },
      program: [sh('sleep 100 & wait')],
    });
    const ended = collect(exec.output);
    await until('it is in', () => readFileSync(`${unified}/cgroup.procs`, 'utf8').includes(String(exec.pid)));
    for (const dir of legacy) {
      assert.ok(readFileSync(`${dir}/cgroup.procs`, 'utf8').includes(String(exec.pid)), dir);
    }
    await container.shim.signalAll(ctx, 9);
    assert.equal((await container.wait()).exitCode, 137);
    await ended;
    assert.equal((await exec.exit)?.exitCode, 137);
  } finally {
    await until('empty', () => {
      for (const dir of [...legacy, unified]) {
        try {
          rmdirSync(dir);
        } catch {
          if (existsSync(dir)) return false;
        }
      }
      return true;
    });
  }
});

test('without a pid namespace, what is left in the control group ends with init, and nobody waits for its pipes', async () => {
  await using lab = new Lab();
  const group = `${V2}/gantry-shim-host-${process.pid}`;
  mkdirSync(`${group}/sub`, { recursive: true });
  try {
    const container = await lab.run(
      'setsid sleep 1000 & setsid sh -c "echo \\$\\$; exec sleep 1001" & sleep 0.1; echo end; exit 4',
      {
        namespaces: [
          { op: 'cgroup', unified: group, legacy: [] },
          { op: 'newNamespaces', types: ['mount', 'uts', 'ipc', 'net'] },
        ],
      },
    );
    const { code, stdout } = await container.finish();
    assert.equal(code, 4);
    assert.match(stdout, /^\d+\nend\n$/);
    await until('the shim is gone', () => !alive(container.creation.shimPid));
    await until('the group is empty', () => readFileSync(`${group}/cgroup.procs`, 'utf8') === '');
  } finally {
    rmdirSync(`${group}/sub`);
    await until('removed', () => {
      try {
        rmdirSync(group);
      } catch {}
      return !existsSync(group);
    });
  }
});

test('with the host’s pid namespace and a background process, the end is not waited for long', async () => {
  await using lab = new Lab();
  const container = await lab.run('setsid sleep 3 & echo end; exit 4', {
    namespaces: [{ op: 'newNamespaces', types: ['mount', 'uts'] }],
  });
  const begun = Date.now();
  assert.deepEqual(await container.finish(), { code: 4, stdout: 'end\n', stderr: '' });
  assert.ok(Date.now() - begun < 2000);
});
