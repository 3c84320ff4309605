import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Hook } from '../../src/kernel/shim-ops.ts';
import { alive, ctx, Lab, sh, until } from './lab.ts';

function hook(when: Hook['when'], script: string, timeoutMs = 0): Hook {
  const state = ['{"ociVersion":"1.2.0","id":"c","pid":', ',"bundle":"/b"}'] as const;
  return { op: 'hook', when, path: '/bin/sh', argv: ['sh', '-c', script], env: ['A=b'], timeoutMs, state };
}

test('hooks run at their time, in their namespaces, with the state on standard input', async () => {
  await using lab = new Lab();
  const out = join(lab.dir, 'out');
  const note = (name: string, file = out) =>
    `echo ${name} $A "$(cat)" $(readlink /proc/self/ns/uts) $(readlink /proc/self/ns/mnt) >>${file}`;
  const container = await lab.create({
    more: [
      hook('createRuntime', note('createRuntime')),
      hook('createContainer', note('createContainer')),
      hook('poststart', note('poststart')),
      hook('poststop', note('poststop')),
    ],
  });
  const { pid } = container.creation;
  const [uts, mnt] = ['uts', 'mnt'].map((name) => readlinkSync(`/proc/${pid}/ns/${name}`));
  await container.creation.start(ctx, [
    hook('startContainer', note('startContainer', '/hooked')),
    sh('cat /hooked; sleep 0.1'),
  ]);
  assert.match(readFileSync(out, 'utf8'), /^poststart/m, 'before STARTED');
  const { stdout } = await container.finish();
  await until('the shim is gone', () => !alive(container.creation.shimPid));
  const state = `{"ociVersion":"1.2.0","id":"c","pid":${pid},"bundle":"/b"}`;
  const host = ['uts', 'mnt'].map((name) => readlinkSync(`/proc/self/ns/${name}`)).join(' ');
  assert.deepEqual(readFileSync(out, 'utf8').split('\n'), [
    `createRuntime b ${state} ${host}`,
    `createContainer b ${state} ${uts} ${mnt}`,
    `poststart b ${state} ${host}`,
    `poststop b ${state} ${host}`,
    '',
  ]);
  assert.equal(stdout, `startContainer b ${state} ${uts} ${mnt}\n`);
});

for (const when of ['createRuntime', 'createContainer'] as const) {
  test(`a ${when} hook that fails fails the container, with its words`, async () => {
    await using lab = new Lab();
    const failing = hook(when, 'echo not today >&2; exit 3');
    await assert.rejects(lab.create({ more: [failing] }), {
      op: 'HOOK',
      message: /hook \/bin\/sh: exit status 3: not today\n?: ECHILD$/,
    });
    await assert.rejects(
      lab.create({ more: [{ ...failing, path: '/nosuch' }] }),
      /hook \/nosuch: exit status 127: ECHILD/,
    );
  });

  test(`a ${when} hook that takes too long is killed`, async () => {
    await using lab = new Lab();
    const begun = Date.now();
    await assert.rejects(lab.create({ more: [hook(when, 'sleep 1000', 50)] }), {
      message: /hook \/bin\/sh: took too long: ETIMEDOUT$/,
    });
    assert.ok(Date.now() - begun < 2000);
  });
}

test('a startContainer hook that fails fails the start', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  await assert.rejects(container.creation.start(ctx, [hook('startContainer', 'exit 1'), sh('true')]), {
    op: 'HOOK',
    phase: 'start',
  });
});

test('failures of poststart hooks are counted and change nothing', async () => {
  await using lab = new Lab();
  const container = await lab.create({ more: [hook('poststart', 'exit 1'), hook('poststart', 'exit 2')] });
  await container.creation.start(ctx, [sh('exit 5')]);
  const record = await container.wait();
  assert.deepEqual([record.exitCode, record.failedHooks], [5, 2]);
});
