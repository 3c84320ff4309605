import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundCtx, type Ctx } from '../base/ctx.ts';
import { silentLog } from '../base/log.ts';
import { frameHeader, STDERR, STDOUT, SYSTEM_ERROR } from '../wire/stdcopy.ts';
import { demultiplex } from './demux.ts';
import { Engine } from './engine.ts';
import { jsonRecords } from './json-stream.ts';

const dir = mkdtempSync(join(tmpdir(), 'gantry-engine-'));
const path = join(dir, 's');
const ctx = backgroundCtx();
let answer: (request: IncomingMessage, reply: ServerResponse) => void;
let seen: string[] = [];

const server = createServer((request, reply) => {
  seen.push(`${request.method} ${request.url}`);
  reply.setHeader('Api-Version', '1.45');
  if (request.url === '/_ping') reply.end('OK');
  else answer(request, reply);
});

before(() => new Promise<void>((resolve) => server.listen(path, resolve)));
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  seen = [];
  server.removeAllListeners('upgrade');
});

function connect(options: { apiVersion?: string } = {}): Engine {
  return new Engine({ context: 'default', address: { kind: 'unix', path }, tls: undefined }, options);
}

test('the version is settled once', async () => {
  answer = (_request, reply) => reply.end('{}');
  const engine = connect();
  await engine.json(ctx, 'GET', '/info');
  await engine.json(ctx, 'GET', '/version');
  assert.deepEqual(seen, ['HEAD /_ping', 'GET /v1.45/info', 'GET /v1.45/version']);
  assert.equal(await connect({ apiVersion: '1.30' }).version(ctx), '1.30');
});

test('queries', async () => {
  answer = (_request, reply) => reply.end('{}');
  const query = { a: 1, b: undefined, c: ['x', 'y z'], d: { e: { f: true } }, g: true };
  await connect({ apiVersion: '1.45' }).json(ctx, 'GET', '/x', { query });
  assert.deepEqual(seen, ['GET /v1.45/x?a=1&c=x&c=y+z&d=%7B%22e%22%3A%7B%22f%22%3Atrue%7D%7D&g=true']);
});

test('what the daemon refuses carries its status and words', async () => {
  answer = (request, reply) => {
    reply.statusCode = request.url?.endsWith('plain') ? 500 : 404;
    reply.end(request.url?.endsWith('plain') ? 'out of order\n' : '{"message":"No such container: x"}');
  };
  const engine = connect();
  await assert.rejects(engine.json(ctx, 'GET', '/x'), {
    status: 404,
    kind: 'not-found',
    reason: 'No such container: x',
    message: 'Error response from daemon: No such container: x',
  });
  await assert.rejects(engine.json(ctx, 'GET', '/plain'), {
    status: 500,
    kind: 'system',
    reason: 'out of order',
  });
});

test('nobody there: who is missing, and what to do', async () => {
  const engine = new Engine({
    context: 'default',
    address: { kind: 'unix', path: join(dir, 'none') },
    tls: undefined,
  });
  await assert.rejects(engine.json(ctx, 'GET', '/x'), {
    kind: 'unavailable',
    message: /^Cannot connect to the Gantry daemon at unix:\/\/.*none\. Is gantryd running\?\nStart it with/,
  });
});

test('an answer that breaks off, or is not JSON', async () => {
  answer = (_request, reply) => {
    reply.writeHead(200, { 'Content-Length': '100' });
    reply.write('{');
    setImmediate(() => reply.destroy());
  };
  await assert.rejects(connect().json(ctx, 'GET', '/x'), {
    kind: 'unavailable',
    message: /connection to the daemon was lost/,
  });
  answer = (_request, reply) => reply.end('<html>');
  await assert.rejects(connect().json(ctx, 'GET', '/x'), { kind: 'invalid', message: /not JSON/ });
});

test('a cancelled call ends at once', async () => {
  answer = () => {};
  const controller = new AbortController();
  const pending = connect().json({ signal: controller.signal, log: silentLog }, 'GET', '/x');
  await sleep(50);
  controller.abort();
  await assert.rejects(pending, { kind: 'cancelled' });
});

test('a body is streamed, and an early refusal counts more than the broken upload', async () => {
  answer = (request, reply) => {
    let size = 0;
    request
      .on('data', (chunk) => (size += chunk.length))
      .on('end', () => reply.end(JSON.stringify({ size })));
  };
  const body = () => Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(65_536)));
  assert.deepEqual(await connect().json(ctx, 'POST', '/load', { body: body() }), { size: 64 * 65_536 });
  answer = (_request, reply) => {
    reply.writeHead(400, { Connection: 'close' });
    reply.end('{"message":"not an archive"}');
  };
  await assert.rejects(connect().json(ctx, 'POST', '/load', { body: body() }), { reason: 'not an archive' });
});

test('a hijacked connection: both ways, and half closed', async () => {
  server.on('upgrade', (_request, socket: Socket, head) => {
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly ');
    let input = head.toString();
    socket.on('data', (chunk) => (input += chunk));
    socket.on('end', () => socket.end(`got ${input}`));
  });
  const socket = await connect().hijack(ctx, '/attach');
  socket.end('hello');
  let output = '';
  for await (const chunk of socket) output += chunk;
  assert.equal(output, 'early got hello');
});

test('a hijack that is refused', async () => {
  answer = (_request, reply) => {
    reply.statusCode = 409;
    reply.end('{"message":"is not running"}');
  };
  await assert.rejects(connect().hijack(ctx, '/attach'), { status: 409, reason: 'is not running' });
});

test('cancelling closes a hijacked connection', async () => {
  const closed = new Promise<void>((resolve) => {
    server.on('upgrade', (_request, socket: Socket) => {
      socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
      socket.on('error', () => {}).on('end', () => socket.end(() => resolve()));
      socket.resume();
    });
  });
  const controller = new AbortController();
  const cancellable: Ctx = { signal: controller.signal, log: silentLog };
  const socket = await connect().hijack(cancellable, '/attach');
  socket.on('error', () => {});
  controller.abort();
  await closed;
});

test('multiplexed output waits for slow readers', async () => {
  const frame = (stream: 1 | 2 | 3, text: string) =>
    Buffer.concat([frameHeader(stream, text.length), Buffer.from(text)]);
  let pulled = 0;
  let behind = 0;
  const source = Readable.from(
    (function* () {
      for (; pulled < 200; pulled++) yield frame(pulled % 2 ? STDERR : STDOUT, 'x'.repeat(1000));
    })(),
    { highWaterMark: 1 },
  );
  const sink = () => {
    let written = 0;
    return new Writable({
      highWaterMark: 1000,
      write(_chunk, _encoding, done) {
        behind = Math.max(behind, pulled - 2 * written++);
        setImmediate(done);
      },
    });
  };
  await demultiplex(source, sink(), sink());
  assert.ok(behind < 10, `${behind} frames were read ahead`);
  const failing = Readable.from([frame(STDOUT, 'ok'), frame(SYSTEM_ERROR, 'disk on fire')]);
  await assert.rejects(demultiplex(failing, sink(), sink()), { message: /disk on fire/ });
  await assert.rejects(demultiplex(Readable.from([frame(STDOUT, 'cut').subarray(0, 9)]), sink(), sink()), {
    kind: 'data-loss',
  });
});

test('records arrive whole however they are cut, and are bounded', async () => {
  const bytes = Buffer.from('{"a":"é"}\r\n\n{"a":2}\n{"a":3}');
  for (const size of [1, 2, 7, 100]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    const got: unknown[] = [];
    for await (const record of jsonRecords<{ a: unknown }>(Readable.from(pieces), 't')) got.push(record.a);
    assert.deepEqual(got, ['é', 2, 3]);
  }
  const endless = Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(1024 * 1024, 'x')));
  await assert.rejects(jsonRecords(endless, 'progress').next(), {
    kind: 'invalid',
    message: /^progress: a record is longer/,
  });
  await assert.rejects(jsonRecords(Readable.from([Buffer.from('nonsense\n')]), 'progress').next(), {
    kind: 'invalid',
  });
});
