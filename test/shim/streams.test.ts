import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ShimStreams } from '../../src/kernel/shim-client.ts';
import { alive, type Container, collect, ctx, Lab, until } from './lab.ts';

const ALL = { stdin: false, stdout: true, stderr: true, pending: false };

test('attached before start, a client sees everything and the end', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  const client = await container.shim.attach(ctx, ALL);
  await container.creation.start(ctx, [
    { op: 'exec', argv: ['/bin/sh', '-c', 'echo a; echo b >&2; printf c; exit 9'], env: [] },
  ]);
  assert.deepEqual(await collect(client.output), { stdout: 'a\nc', stderr: 'b\n' });
  assert.equal((await client.exit)?.exitCode, 9);
});

test('a client gets only the streams it asked for', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  const client = await container.shim.attach(ctx, { ...ALL, stdout: false });
  await container.creation.start(ctx, [
    { op: 'exec', argv: ['/bin/sh', '-c', 'echo a; echo b >&2'], env: [] },
  ]);
  assert.deepEqual(await collect(client.output), { stdout: '', stderr: 'b\n' });
});

test('log and live output join without a gap or an overlap, unfinished lines included', async () => {
  await using lab = new Lab();
  const container = await lab.run('printf "one\\ntwo\\nthr"; read -t 5 x; printf "ee\\nfour"', {
    stdin: true,
  });
  await until('it has printed', async () => (await pendingOf(container)) === 'thr');
  const client = await container.shim.attach(ctx, { ...ALL, stdin: true, pending: true });
  const logged = readFileSync(container.logPath);
  assert.equal(client.log.inode, statSync(container.logPath, { bigint: true }).ino);
  assert.equal(client.log.size, BigInt(logged.length));
  client.stdin?.write('\n');
  const { stdout } = await collect(client.output);
  assert.equal(stdout, 'three\nfour');
  assert.equal(container.log().stdout, 'one\ntwo\nthree\nfour');
});

async function pendingOf(container: Container): Promise<string> {
  const client = await container.shim.attach(ctx, { ...ALL, pending: true });
  const first = await Promise.race([client.output[Symbol.asyncIterator]().next(), sleep(50)]);
  client.close();
  return first?.value?.data.toString() ?? '';
}

test('standard input: many megabytes arrive whole, and end() ends it', async () => {
  await using lab = new Lab();
  const container = await lab.run('sha256sum', { stdin: true });
  const client = await container.shim.attach(ctx, { ...ALL, stdin: true });
  const data = Buffer.alloc(8 << 20, 'gantry ');
  client.stdin?.end(data);
  const { stdout } = await collect(client.output);
  assert.equal(stdout, `${createHash('sha256').update(data).digest('hex')}  -\n`);
});

test('standard input waits for a process that does not read', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 0.3; wc -c', { stdin: true });
  const client = await container.shim.attach(ctx, { ...ALL, stdin: true });
  let written = 0;
  const total = 40;
  const writing = (async () => {
    for (; written < total; written++) {
      await new Promise((resolve) => client.stdin?.write(Buffer.alloc(65536), resolve));
    }
    client.stdin?.end();
  })();
  await sleep(150);
  assert.ok(written < 20, `${written} of ${total} blocks were taken by nobody`);
  await writing;
  assert.equal((await collect(client.output)).stdout.trim(), String(total * 65536));
});

test('a client that closes after writing has still written', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 0.2; wc -c', { stdin: true, stdinOnce: true });
  const client = await container.shim.attach(ctx, { ...ALL, stdin: true });
  await new Promise((resolve) => client.stdin?.write(Buffer.alloc(200_000), resolve));
  client.close();
  const { stdout } = await container.finish();
  assert.equal(stdout.trim(), '200000');
});

test('leaving does not end standard input, unless it is to be used once', async () => {
  await using lab = new Lab();
  const many = await lab.run('cat; echo end', { stdin: true });
  const once = await lab.run('cat; echo end', { stdin: true, stdinOnce: true });
  for (const container of [many, once]) {
    const client = await container.shim.attach(ctx, { ...ALL, stdin: true });
    await new Promise((resolve) => client.stdin?.write('first\n', resolve));
    await until('it is read', () => container.log().stdout === 'first\n');
    client.close();
  }
  assert.equal((await once.finish()).stdout, 'first\nend\n');
  const client = await many.shim.attach(ctx, { ...ALL, stdin: true });
  client.stdin?.end('second\n');
  assert.equal((await many.finish()).stdout, 'first\nsecond\nend\n');
});

test('closeStdin ends it after what was written', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 0.1; wc -c', { stdin: true });
  const client = await container.shim.attach(ctx, { ...ALL, stdin: true });
  await new Promise((resolve) => client.stdin?.write(Buffer.alloc(150_000), resolve));
  await container.shim.closeStdin(ctx);
  assert.equal((await container.finish()).stdout.trim(), '150000');
});

test('without stdin it is the container’s null device', async () => {
  await using lab = new Lab();
  const container = await lab.run(
    'readlink /proc/self/fd/0; stat -c %d /dev/null; stat -L -c %d /proc/self/fd/0; cat',
  );
  const [path, device, own] = (await container.finish()).stdout.split('\n');
  assert.deepEqual([path, device], ['/dev/null', own]);
});

const LINES = 500_000;
const LINE = 'x'.repeat(99);
const FLOOD = `yes ${LINE} | head -n ${LINES}`;

test('a client that does not read costs the container no time and loses nothing', async (t) => {
  await using lab = new Lab();
  const container = await lab.create({
    log: { path: `${lab.dir}/flood.log`, maxSize: 1 << 20, maxFiles: 2 },
  });
  const stalled = await container.shim.attach(ctx, ALL);
  const begun = Date.now();
  await container.creation.start(ctx, [{ op: 'exec', argv: ['/bin/sh', '-c', FLOOD], env: [] }]);
  const record = await container.wait();
  t.diagnostic(`50 MB logged in ${Date.now() - begun} ms`);
  assert.equal(record.exitCode, 0);
  const { shimPid } = container.creation;
  assert.ok(alive(shimPid), 'the shim waits for its client');
  assert.ok(spillOf(shimPid) > 40e6, 'what was not read is in a file without a name');
  assert.deepEqual(
    readdirSync(lab.dir).filter((name) => !/^(run|snapshots|flood\.log)/.test(name)),
    [],
  );
  if (!process.env['GANTRY_SHIM']) assert.ok(rssOf(shimPid) < 1024, `RSS ${rssOf(shimPid)} KiB`);
  let bytes = 0;
  for await (const piece of stalled.output) bytes += piece.data.length;
  assert.equal(bytes, LINES * (LINE.length + 1));
  assert.equal((await stalled.exit)?.exitCode, 0);
  await until('the shim is gone', () => !alive(shimPid));
});

/** Bytes of the unlinked file a shim holds. */
function spillOf(pid: number): number {
  return Math.max(
    ...readdirSync(`/proc/${pid}/fd`)
      .filter((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).includes('(deleted)'))
      .map((fd) => statSync(`/proc/${pid}/fd/${fd}`).size),
  );
}

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('a slow client catches up while the container goes on', async () => {
  await using lab = new Lab();
  const container = await lab.create({ log: null });
  const client = await container.shim.attach(ctx, ALL);
  await container.creation.start(ctx, [
    {
      op: 'exec',
      argv: ['/bin/sh', '-c', 'i=0; while [ $i -lt 40 ]; do seq 5000; i=$((i+1)); done'],
      env: [],
    },
  ]);
  let text = '';
  let pieces = 0;
  for await (const piece of client.output) {
    text += piece.data.toString();
    if (++pieces % 20 === 0) await sleep(2);
  }
  const lines = text.split('\n');
  assert.equal(lines.length, 200_001);
  assert.ok(lines.every((line, i) => i === 200_000 || line === String((i % 5000) + 1)));
});

test('a client beyond the spill limit is dropped, the container is not', async () => {
  await using lab = new Lab();
  const container = await lab.create({ spillLimit: 1 << 20 });
  const client = await container.shim.attach(ctx, ALL);
  await container.creation.start(ctx, [
    { op: 'exec', argv: ['/bin/sh', '-c', `yes ${LINE} | head -n 50000; exit 3`], env: [] },
  ]);
  assert.equal((await container.wait()).exitCode, 3);
  await collect(client.output);
  assert.equal(await client.exit, undefined);
  assert.equal(container.log().stdout.length, 5_000_000);
});

test('clients that die at any time do no harm', async () => {
  await using lab = new Lab();
  const container = await lab.run('i=0; while [ $i -lt 300 ]; do echo $i; i=$((i+1)); done; exit 2', {
    stdin: true,
  });
  const clients: ShimStreams[] = [];
  for (let i = 0; i < 30; i++) {
    const client = await container.shim.attach(ctx, { ...ALL, stdin: true }).catch(() => undefined);
    if (!client) break;
    client.stdin?.on('error', () => {}).write('noise');
    clients.push(client);
    if (i % 2) clients.shift()?.close();
  }
  for (const client of clients) client.close();
  const { code, stdout } = await container.finish();
  assert.equal(code, 2);
  assert.equal(stdout.split('\n').length, 301);
});

test('what is no frame ends the connection and nothing else', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const { connect } = await import('node:net');
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\x11\0\0\0\xff\xff\xff\xff',
    '\x63\0\0\0\0\0\0\0',
    '\x12\0\0\0\x04\0\0\0abcd',
  ]) {
    const socket = connect(`${container.runDir}/shim.sock`);
    socket.on('error', () => {});
    socket.write(Buffer.from(bytes, 'latin1'));
    await new Promise((resolve) => socket.on('close', resolve).resume());
  }
  assert.equal((await container.shim.state(ctx)).status, 'running');
});
