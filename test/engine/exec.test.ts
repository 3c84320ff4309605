import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import type { ExecInput } from '../../src/containers/exec.ts';
import type { ContainerId } from '../../src/containers/record.ts';
import type { AttachSession } from '../../src/engine/attach-session.ts';
import { execCreate, execInspect, execResize } from '../../src/engine/exec.ts';
import { execStart } from '../../src/engine/exec-start.ts';
import { pauseContainer } from '../../src/engine/pause.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { ctx, eventually, Lab, Reader, textOf } from './lab.ts';

const NOTHING: ExecInput = {
  cmd: [],
  attachStdin: false,
  attachStdout: true,
  attachStderr: true,
  tty: false,
  env: [],
  privileged: false,
  user: '',
  workingDir: '',
  detachKeys: '',
};

async function create(lab: Lab, id: string, cmd: string[], change: Partial<ExecInput> = {}): Promise<string> {
  return (await execCreate(ctx, lab.engine, id, { ...NOTHING, cmd, ...change })).id;
}

async function start(lab: Lab, execId: string): Promise<AttachSession> {
  const session = await execStart(ctx, lab.engine, execId, { detach: false, tty: false });
  assert.ok(session);
  return session;
}

/** Runs a command to its end. */
async function exec(lab: Lab, id: string, cmd: string[], change: Partial<ExecInput> = {}) {
  const execId = await create(lab, id, cmd, change);
  const text = await textOf((await start(lab, execId)).output);
  return { text, exitCode: execInspect(lab.engine, execId).exitCode };
}

const SLEEP = ['sleep', '1000'];

test('a command runs in a container and its exit code is there when its output ends', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP, { env: ['FROM=container'] });
  assert.deepEqual(await exec(lab, id, ['sh', '-c', 'echo $FROM; exit 5']), {
    text: 'container\n',
    exitCode: 5,
  });
  await eventually(async () => (await lab.actions(id)).length === 5, 'all events');
  assert.deepEqual(await lab.actions(id), [
    'create',
    'start',
    'exec_create: sh -c echo $FROM; exit 5',
    'exec_start: sh -c echo $FROM; exit 5',
    'exec_die',
  ]);
  const die = lab.seen.at(-1);
  assert.equal(die?.attributes['exitCode'], '5');
  assert.match(die?.attributes['execID'] ?? '', /^[0-9a-f]{64}$/);
});

const wishes: { name: string; change: Partial<ExecInput>; script: string; want: string }[] = [
  { name: 'environment', change: { env: ['A=1', 'FROM=exec'] }, script: 'echo $A $FROM', want: '1 exec\n' },
  { name: 'user', change: { user: 'app' }, script: 'id -u; echo $HOME', want: '1000\n/home/app\n' },
  { name: 'user and group', change: { user: '7:8' }, script: 'id -u; id -g', want: '7\n8\n' },
  { name: 'working directory', change: { workingDir: '/tmp' }, script: 'pwd', want: '/tmp\n' },
  {
    name: 'the streams asked for',
    change: { attachStderr: false },
    script: 'echo a; echo b >&2',
    want: 'a\n',
  },
];

for (const { name, change, script, want } of wishes) {
  test(`exec: ${name}`, async () => {
    await using lab = await Lab.open();
    const id = await lab.run(SLEEP, { env: ['FROM=container'] });
    assert.equal((await exec(lab, id, ['sh', '-c', script], change)).text, want);
  });
}

test('exec: privileged has more capabilities than the container', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP);
  const effective = async (privileged: boolean): Promise<bigint> => {
    const { text } = await exec(lab, id, ['sed', '-n', 's/^CapEff:.//p', '/proc/self/status'], {
      privileged,
    });
    return BigInt(`0x${text.trim()}`);
  };
  const [plain, privileged] = [await effective(false), await effective(true)];
  assert.equal(plain, 0xa80425fbn);
  assert.ok(privileged > plain);
});

test('however quick a command is, its output never overtakes its start', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP);
  const all = await Promise.all(Array.from({ length: 40 }, () => exec(lab, id, ['echo', 'quick'])));
  for (const result of all) assert.deepEqual(result, { text: 'quick\n', exitCode: 0 });
});

test('standard input reaches the command and its end does too', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP);
  const execId = await create(lab, id, ['cat'], { attachStdin: true });
  const session = await start(lab, execId);
  session.stdin?.end('to and fro');
  assert.equal(await textOf(session.output), 'to and fro');
  assert.equal(execInspect(lab.engine, execId).exitCode, 0);
});

test('a terminal of its own, resized, detached from by keys', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP);
  const execId = await create(lab, id, ['sh', '-c', 'stty size; read a; stty size; read b'], {
    attachStdin: true,
    tty: true,
    consoleSize: [10, 20],
  });
  const session = await start(lab, execId);
  const reader = new Reader(session);
  await reader.until(/10 20\r\n/);
  await execResize(ctx, lab.engine, execId, 11, 21);
  session.stdin?.write('x\n');
  await reader.until(/11 21\r\n/);
  session.stdin?.write('\x10\x11');
  assert.equal(await session.done, 'detached');
  assert.equal(execInspect(lab.engine, execId).running, true);
  assert.ok((await lab.actions(id)).includes('exec_detach'));
});

test('detached from the start, it runs by itself', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP);
  const execId = await create(lab, id, ['sh', '-c', 'echo noise; exit 6']);
  assert.equal(await execStart(ctx, lab.engine, execId, { detach: true, tty: false }), undefined);
  await eventually(() => !execInspect(lab.engine, execId).running, 'it ends');
  assert.equal(execInspect(lab.engine, execId).exitCode, 6);
});

for (const { cmd, code, message } of [
  { cmd: ['nosuch'], code: 127, message: /exec: "nosuch": executable file not found in \$PATH/ },
  { cmd: ['/etc/passwd'], code: 126, message: /exec: "\/etc\/passwd": permission denied/ },
]) {
  test(`a command that cannot be run: ${cmd}`, async () => {
    await using lab = await Lab.open();
    const id = await lab.run(SLEEP);
    const execId = await create(lab, id, cmd);
    await assert.rejects(
      start(lab, execId),
      (error) => isEngineError(error, 'invalid') && message.test(error.message),
    );
    assert.equal(execInspect(lab.engine, execId).exitCode, code);
    assert.equal(execInspect(lab.engine, execId).running, false);
  });
}

test('what is refused, in Docker’s words', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(SLEEP);
  await assert.rejects(create(lab, id, []), { kind: 'invalid', message: 'No exec command specified' });
  await assert.rejects(create(lab, id, ['x'], { env: ['=1'] }), { kind: 'invalid' });
  await assert.rejects(create(lab, 'nobody', ['x']), {
    kind: 'not-found',
    message: 'No such container: nobody',
  });
  assert.throws(() => execInspect(lab.engine, 'nobody'), {
    kind: 'not-found',
    message: 'No such exec instance: nobody',
  });
  const execId = await create(lab, id, ['true']);
  await textOf((await start(lab, execId)).output);
  await assert.rejects(start(lab, execId), {
    kind: 'conflict',
    message: `Error: Exec command ${execId} has already run`,
  });
  const other = await create(lab, id, ['true']);
  await pauseContainer(ctx, lab.engine, id);
  const paused = {
    kind: 'conflict',
    message: `Container ${id} is paused, unpause the container before exec`,
  };
  await assert.rejects(create(lab, id, ['true']), paused);
  await assert.rejects(start(lab, other), paused);
  await stopContainer(ctx, lab.engine, id, { timeout: 0 });
  const down = { kind: 'conflict', message: `container ${id} is not running` };
  await assert.rejects(create(lab, id, ['true']), down);
  await assert.rejects(start(lab, other), down);
});

test('execs end with their container', async () => {
  await using lab = await Lab.open();
  const id: ContainerId = await lab.run(SLEEP);
  const execId = await create(lab, id, SLEEP);
  const session = await start(lab, execId);
  const text = textOf(session.output);
  await stopContainer(ctx, lab.engine, id, { timeout: 0 });
  assert.equal(await text, '');
  await eventually(() => !execInspect(lab.engine, execId).running, 'it is seen to have ended');
  assert.equal(execInspect(lab.engine, execId).exitCode, 137);
});
