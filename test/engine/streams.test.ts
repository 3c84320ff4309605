import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import { type AttachOptions, attachContainer } from '../../src/engine/attach.ts';
import type { AttachSession } from '../../src/engine/attach-session.ts';
import { containerLogs } from '../../src/engine/logs.ts';
import { pauseContainer } from '../../src/engine/pause.ts';
import { removeContainer } from '../../src/engine/remove.ts';
import { resizeContainer } from '../../src/engine/resize.ts';
import { startContainer } from '../../src/engine/start.ts';
import { ctx, eventually, Lab, Reader, textOf } from './lab.ts';

const ALL: AttachOptions = { stdin: true, stdout: true, stderr: true, stream: true, logs: false };

async function attach(lab: Lab, id: string, change: Partial<AttachOptions> = {}): Promise<AttachSession> {
  return attachContainer(ctx, lab.engine, id, { ...ALL, ...change });
}

function write(session: AttachSession, text: string): Promise<void> {
  return new Promise((resolve) => {
    assert.ok(session.stdin);
    session.stdin.write(text, () => resolve());
  });
}

test('attached before the start, a client misses nothing, keeps the streams apart and can half-close', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['sh', '-c', 'echo first; echo wrong >&2; cat; echo last'], {
    openStdin: true,
    stdinOnce: true,
  });
  const session = await attach(lab, id);
  assert.equal(session.tty, false);
  const early = write(session, 'early\n');
  await startContainer(ctx, lab.engine, id);
  await early;
  await write(session, 'late\n');
  session.stdin?.end();
  const seen = { stdout: '', stderr: '' };
  for await (const { stream, data } of session.output) seen[stream] += Buffer.from(data).toString();
  assert.deepEqual(seen, { stdout: 'first\nearly\nlate\nlast\n', stderr: 'wrong\n' });
  assert.equal(await session.done, 'ended');
  assert.equal(await lab.wait(id), 0);
  assert.deepEqual(await lab.actions(id), ['create', 'attach', 'start', 'die']);
});

test('a client gets only the streams it asked for', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['sh', '-c', 'echo out; echo err >&2']);
  const session = await attach(lab, id, { stdin: false, stdout: false });
  assert.equal(session.stdin, undefined);
  await startContainer(ctx, lab.engine, id);
  assert.equal(await textOf(session.output), 'err\n');
});

test('a start that fails ends the sessions that waited for it', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['/nosuch']);
  const session = await attach(lab, id);
  await assert.rejects(startContainer(ctx, lab.engine, id), (error) => isEngineError(error, 'invalid'));
  assert.equal(await textOf(session.output), '');
  assert.equal(await session.done, 'ended');
});

test('so does a removal', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['true']);
  const session = await attach(lab, id);
  await removeContainer(ctx, lab.engine, id, { force: false, volumes: false, link: false });
  assert.equal(await textOf(session.output), '');
});

test('the log is replayed without gap or repetition before the live output, unfinished lines included', async () => {
  await using lab = await Lab.open();
  const script = 'echo one; echo two; printf half; read x; echo "-$x"; echo three';
  const id = await lab.run(['sh', '-c', script], { openStdin: true });
  await eventually(async () => (await lab.logs(id)).includes('two'), 'two lines');
  const session = await attach(lab, id, { logs: true });
  const reader = new Reader(session);
  await reader.until(/half/);
  await write(session, 'whole\n');
  await reader.ended;
  assert.equal(reader.text, 'one\ntwo\nhalf-whole\nthree\n');
});

test('the log alone, without a live stream', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sh', '-c', 'echo one; sleep 60']);
  await eventually(async () => (await lab.logs(id)).includes('one'), 'a line');
  const session = await attach(lab, id, { logs: true, stream: false });
  assert.equal(await textOf(session.output), 'one\n');
});

test('a terminal: one raw stream, its size, and detaching by keys leaves the process alone', async () => {
  await using lab = await Lab.open();
  const script = 'stty size; read a; stty size; echo "got $a"; read b; echo "bye $b"';
  const id = await lab.create(
    ['sh', '-c', script],
    { tty: true, openStdin: true, stdinOnce: true },
    { consoleSize: [24, 80] },
  );
  const session = await attach(lab, id);
  assert.equal(session.tty, true);
  const reader = new Reader(session);
  await startContainer(ctx, lab.engine, id);
  await reader.until(/24 80\r\n/);
  await resizeContainer(ctx, lab.engine, id, 30, 100);
  await write(session, 'one\n');
  await reader.until(/30 100\r\ngot one\r\n/);
  await write(session, '\x10\x11');
  await reader.ended;
  assert.equal(await session.done, 'detached');
  assert.equal(lab.record(id).state.status, 'running');

  const again = await attach(lab, id, { detachKeys: 'a,b' });
  const second = new Reader(again);
  await write(again, 'two\n');
  await second.until(/bye two/);
  assert.equal(await lab.wait(id), 0);
  assert.deepEqual(await lab.actions(id), ['create', 'attach', 'start', 'resize', 'detach', 'attach', 'die']);
});

test('a client that vanishes ends the input of a container that has only its', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['sh', '-c', 'cat; echo end'], { openStdin: true, stdinOnce: true });
  const leaving = new AbortController();
  const session = await attachContainer({ ...ctx, signal: leaving.signal }, lab.engine, id, ALL);
  const reader = new Reader(session);
  await startContainer(ctx, lab.engine, id);
  await write(session, 'x\n');
  await reader.until(/x/);
  leaving.abort();
  assert.equal(await session.done, 'closed');
  assert.equal(await lab.wait(id), 0);
  assert.equal(await lab.logs(id), 'x\nend\n');
});

test('without stdinOnce, the input outlives a client', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['cat'], { openStdin: true });
  const one = await attach(lab, id);
  const first = new Reader(one);
  await write(one, 'a\n');
  await first.until(/a/);
  one.stdin?.end();
  one.close();
  const two = await attach(lab, id);
  const second = new Reader(two);
  await write(two, 'b\n');
  await second.until(/b/);
  assert.equal(lab.record(id).state.status, 'running');
});

test('a slow client does not hold the container up', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['sh', '-c', 'head -c 8000000 /dev/zero | tr "\\\\0" x; echo; echo done >&2']);
  const session = await attach(lab, id);
  await startContainer(ctx, lab.engine, id);
  assert.equal(await lab.wait(id), 0, 'it ends while nobody reads');
  assert.equal((await textOf(session.output)).length, 8_000_006);
});

test('attaching is refused while paused, and with keys that are none', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sleep', '60']);
  await pauseContainer(ctx, lab.engine, id);
  await assert.rejects(attach(lab, id), {
    kind: 'conflict',
    message: `container ${id} is paused, unpause the container before attach`,
  });
  await assert.rejects(attach(lab, id, { detachKeys: 'ctrl-ö' }), (error) => isEngineError(error, 'invalid'));
});

const LOGS = { stdout: true, stderr: true, follow: false, timestamps: false, details: false };

test('logs: streams, tail, timestamps, details', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(
    ['sh', '-c', 'echo one; echo two; echo err >&2'],
    { labels: { app: 'x' } },
    { logConfig: { type: 'json-file', config: { labels: 'app,nothing' } } },
  );
  await lab.wait(id);
  const logs = async (change: object): Promise<string> =>
    textOf((await containerLogs(ctx, lab.engine, id, { ...LOGS, ...change })).output);
  assert.equal(await logs({ stderr: false }), 'one\ntwo\n');
  assert.equal(await logs({ stdout: false }), 'err\n');
  assert.equal(await logs({ tail: '1', stderr: false, since: '0' }), '');
  assert.equal((await logs({ tail: '2' })).split('\n').length, 3);
  assert.match(await logs({ timestamps: true }), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z one\n/);
  assert.match(await logs({ details: true }), /^app=x one\n/);
  assert.equal(await logs({ since: '2h' }), await logs({}));
  assert.equal(await logs({ until: '2h' }), '');
  await assert.rejects(containerLogs(ctx, lab.engine, id, { ...LOGS, stdout: false, stderr: false }), {
    message: 'Bad parameters: you must choose at least one stream',
  });
  await assert.rejects(containerLogs(ctx, lab.engine, id, { ...LOGS, tail: 'few' }), (error) =>
    isEngineError(error, 'invalid'),
  );
});

test('following sees every line over many rotations and ends with the container', async () => {
  await using lab = await Lab.open();
  const script = 'read go; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i"; done';
  const id = await lab.run(
    ['sh', '-c', script],
    { openStdin: true },
    { logConfig: { type: 'json-file', config: { 'max-size': '20k', 'max-file': '100' } } },
  );
  const following = await containerLogs(ctx, lab.engine, id, { ...LOGS, follow: true });
  const text = textOf(following.output);
  const session = await attach(lab, id);
  await write(session, 'go\n');
  session.close();
  assert.equal(await lab.wait(id), 0);
  const want = Array.from({ length: 3000 }, (_, i) => `line ${i + 1}\n`).join('');
  assert.equal(await text, want);
  assert.equal(await lab.logs(id), want);
});

test('the log driver none keeps nothing, and says so', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['echo', 'hi'], {}, { logConfig: { type: 'none', config: {} } });
  const session = await attach(lab, id, { logs: true });
  await startContainer(ctx, lab.engine, id);
  assert.equal(await textOf(session.output), 'hi\n');
  await assert.rejects(containerLogs(ctx, lab.engine, id, LOGS), {
    kind: 'not-implemented',
    message: 'configured logging driver does not support reading',
  });
});
