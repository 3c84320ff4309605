import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Outgoing } from './exchange.ts';
import { Sockets } from './sockets.ts';

const dir = mkdtempSync(join(tmpdir(), 'gantry-sockets-'));
const path = join(dir, 's');
const { signal } = new AbortController();
let connections: Socket[] = [];
const all: Socket[] = [];
let received: string[] = [];
let serve: (socket: Socket, request: string) => void;

const server = createServer((socket) => {
  all.push(socket);
  const index = connections.push(socket) - 1;
  received[index] = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    received[index] += bytes.toString();
    serve(socket, bytes.toString());
  });
});

before(() => new Promise<void>((resolve) => server.listen(path, resolve)));
after(() => {
  for (const socket of all) socket.destroy();
  server.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  connections = [];
  received = [];
});

const ask = (fields: Partial<Outgoing> = {}): Outgoing => ({
  method: 'GET',
  target: '/x',
  headers: {},
  body: undefined,
  ...fields,
});
const open = () => new Sockets({ context: 'default', address: { kind: 'unix', path }, tls: undefined });

async function bodyOf(sockets: Sockets, outgoing: Outgoing): Promise<string> {
  const reply = await sockets.exchange(signal, outgoing);
  assert.ok('body' in reply);
  let text = '';
  for await (const chunk of reply.body) text += chunk;
  return text;
}

test('one connection serves one request after another, and several at once', async () => {
  serve = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  const sockets = open();
  for (let i = 0; i < 3; i++) assert.equal(await bodyOf(sockets, ask()), 'ok');
  assert.equal(connections.length, 1);
  await Promise.all([bodyOf(sockets, ask()), bodyOf(sockets, ask()), bodyOf(sockets, ask())]);
  assert.equal(connections.length, 3);
});

test('a connection that closes while idle is replaced', async () => {
  serve = (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  const sockets = open();
  await bodyOf(sockets, ask());
  connections[0]?.end();
  await sleep(20);
  assert.equal(await bodyOf(sockets, ask()), 'ok');
  // Now it closes in the very moment it is used again.
  serve = (socket) =>
    socket === connections[1]
      ? socket.destroy()
      : socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes');
  assert.equal(await bodyOf(sockets, ask({ method: 'POST', body: '{}' })), 'yes');
  assert.equal(connections.length, 3);
});

test('a request is not repeated over a connection that was new', async () => {
  serve = (socket) => socket.destroy();
  await assert.rejects(open().exchange(signal, ask({ method: 'POST', body: '{}' })));
  assert.equal(connections.length, 1);
});

test('how requests look', async () => {
  serve = (socket, request) => {
    if (/\r\n\r\n$/.test(request))
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  };
  await bodyOf(open(), ask({ headers: { Host: 'h' } }));
  await bodyOf(open(), ask({ method: 'POST' }));
  serve = (socket) => socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  await bodyOf(open(), ask({ method: 'POST', body: 'é' }));
  serve = (socket, request) =>
    request.endsWith('0\r\n\r\n') && socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  await bodyOf(
    open(),
    ask({ method: 'PUT', body: Readable.from([Buffer.from('ab'), Buffer.alloc(0), Buffer.from('c')]) }),
  );
  assert.deepEqual(received, [
    'GET /x HTTP/1.1\r\nHost: h\r\n\r\n',
    'POST /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    'POST /x HTTP/1.1\r\nContent-Length: 2\r\n\r\né',
    'PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
  ]);
});

test('nothing can be smuggled into a request', async () => {
  for (const bad of [
    ask({ target: '/x HTTP/1.1\r\nA: b' }),
    ask({ headers: { A: 'b\r\nC: d' } }),
    ask({ headers: { 'A b': '' } }),
  ]) {
    await assert.rejects(open().exchange(signal, bad), { kind: 'invalid' });
  }
});

test('a reader that waits makes the daemon wait', async () => {
  serve = (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    for (let i = 0; i < 400; i++) socket.write(Buffer.alloc(65_536));
  };
  const reply = await open().exchange(signal, ask());
  assert.ok('body' in reply);
  await sleep(100);
  assert.ok(
    (connections.at(-1)?.writableLength ?? 0) > 10 * 1024 * 1024,
    'most of it is still with the daemon',
  );
  reply.body.destroy();
});

test('what is sent that cannot be read is said', async () => {
  serve = () => {};
  const failing = new Readable({ read: () => failing.destroy(new Error('is a directory')) });
  await assert.rejects(open().exchange(signal, ask({ method: 'POST', body: failing })), {
    kind: 'invalid',
    message: 'cannot read what is to be sent: is a directory',
  });
});
