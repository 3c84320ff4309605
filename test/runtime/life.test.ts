import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcessStat } from '../../src/kernel/processes.ts';
import { connectShim } from '../../src/kernel/shim-client.ts';
import { readShimIdentity } from '../../src/kernel/shim-record.ts';
import {
  killContainer,
  pauseContainer,
  readoptContainer,
  resumeContainer,
} from '../../src/runtime/control.ts';
import { cleanUpContainer, createContainer } from '../../src/runtime/launch.ts';
import { ctx, facts, Lab, nothingLeft } from './lab.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

test('a created container has its namespaces and runs nothing yet; aborted, it leaves nothing', async () => {
  const container = lab.container(['true']);
  const created = await createContainer(ctx, lab.launcher, container);
  const command = readFileSync(`/proc/${created.pid}/cmdline`, 'utf8');
  assert.match(command, /shim/);
  await created.abort(ctx);
  nothingLeft(container);
});

test('a container that cannot be created leaves nothing', async () => {
  const container = lab.container(
    ['true'],
    {},
    {
      spec: (spec) => ({
        ...spec,
        mounts: [...(spec.mounts ?? []), { destination: '/x', type: 'nosuchfs', source: 'x' }],
      }),
    },
  );
  await assert.rejects(createContainer(ctx, lab.launcher, container), {
    name: 'LaunchFailure',
    exitCode: 128,
    message: /fsopen nosuchfs/,
  });
  nothingLeft(container);
});

test('a signal reaches the first process', async () => {
  const container = lab.container(['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.05; done']);
  await lab.launch(container);
  await sleep(200);
  await killContainer(ctx, facts, container, 15);
  assert.equal((await lab.ended(container)).exitCode, 7);
  await assert.rejects(killContainer(ctx, facts, container, 15), { name: 'EngineError' });
});

test('a paused container stands still, and can be killed', async () => {
  const container = lab.container(['sh', '-c', 'while :; do echo x; sleep 0.01; done']);
  const { pid } = await lab.launch(container);
  const time = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).join(' ');
  await pauseContainer(ctx, facts, container.spec);
  const before = time();
  await sleep(100);
  assert.equal(time(), before);
  await resumeContainer(ctx, facts, container.spec);
  await pauseContainer(ctx, facts, container.spec);
  await killContainer(ctx, facts, container, 9);
  assert.equal((await lab.ended(container)).exitCode, 137);
});

test('a running container is found again, an ended one with its exit code', async () => {
  const container = lab.container(['sh', '-c', 'sleep 0.3; exit 9']);
  const { pid } = await lab.launch(container);
  assert.deepEqual(await readoptContainer(ctx, container.runDir), { status: 'running', pid });
  await lab.ended(container);
  const adopted = await readoptContainer(ctx, container.runDir);
  assert.equal(adopted.status === 'exited' && adopted.exit.exitCode, 9);
  await cleanUpContainer(ctx, facts, container);
  assert.deepEqual(await readoptContainer(ctx, container.runDir), { status: 'never-ran' });
  nothingLeft(container);
});

test('a container whose shim was killed is ended', async () => {
  const container = lab.container(['sleep', '60']);
  const { pid } = await lab.launch(container);
  const identity = readShimIdentity(container.runDir);
  assert.ok(identity);
  process.kill(identity.shim.pid, 'SIGKILL');
  while ((await readoptContainer(ctx, container.runDir)).status === 'running') await sleep(10);
  const adopted = await readoptContainer(ctx, container.runDir);
  assert.equal(adopted.status === 'exited' && adopted.exit.exitCode, 137);
  const stat = readProcessStat(pid);
  assert.ok(stat === undefined || stat.state === 'Z', stat?.state);
});

test('what outlives the first process of a container without pid namespace is killed with it', async () => {
  const container = lab.container(['sh', '-c', 'sleep 300 & echo $!'], {
    namespaces: { pid: { kind: 'host' } },
  });
  await lab.launch(container);
  await lab.ended(container);
  await cleanUpContainer(ctx, facts, container);
  nothingLeft(container);
});

test('two containers cannot share a cgroup', async () => {
  const first = lab.container(['sleep', '60']);
  await lab.launch(first);
  const second = lab.container(
    ['true'],
    {},
    {
      spec: (spec) => ({
        ...spec,
        linux: { ...spec.linux, cgroupsPath: first.spec.linux?.cgroupsPath ?? '' },
      }),
    },
  );
  await assert.rejects(createContainer(ctx, lab.launcher, second), { kind: 'conflict' });
  assert.equal((await connectShim(first.runDir).state(ctx)).status, 'running');
});
