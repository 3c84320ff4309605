import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { Registries } from '../../src/distribution/registries.ts';
import { parseReference } from '../../src/formats/reference.ts';
import { startHostileRegistry } from '../support/hostile-registry.ts';
import { makeImage } from '../support/image.ts';
import { makeCertificate } from '../support/registry.ts';

const ctx = backgroundCtx();
const timeouts = { connect: 2000, headers: 1000, stall: 500, backoff: 5 };

interface TestProxy extends AsyncDisposable {
  readonly url: string;
  /** `METHOD TARGET AUTHORIZATION` of each request. */
  readonly seen: string[];
}

/** An HTTP proxy to which every name is `127.0.0.1`. */
async function startProxy(refuse = false): Promise<TestProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    const target = new URL(request.url ?? '');
    const headers = { ...request.headers, host: target.host };
    const options = {
      host: '127.0.0.1',
      port: target.port,
      path: target.pathname,
      method: request.method,
      headers,
    };
    const onward = httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on('connect', (request, socket: Socket) => {
    seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    if (refuse) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const onward = connect(Number(request.url?.split(':').pop()), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const each of [onward, socket]) each.on('error', () => {});
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

test('HTTPS goes through a tunnel, with the proxy’s own credentials', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-proxy-'));
  try {
    const { cert, key } = makeCertificate(dir);
    await using server = await startHostileRegistry({ tls: { cert, key } });
    await using proxy = await startProxy();
    const image = makeImage();
    server.add(image, 'app', '1');
    const name = `registry.test:${server.domain.split(':')[1]}`;
    const url = proxy.url.replace('//', '//us%40er:pw@');
    const registries = new Registries({ timeouts, proxy: { https: url }, insecure: [name] });
    const repository = registries.repository(parseReference(`${name}/app:1`), ANONYMOUS);
    const descriptor = await repository.resolve(ctx);
    assert.equal(descriptor.digest, image.manifest.digest);
    const basic = Buffer.from('us@er:pw').toString('base64');
    assert.ok(
      proxy.seen.every((line) => line === `CONNECT ${name} Basic ${basic}`),
      proxy.seen.join(),
    );
    assert.ok(server.requests.every(({ headers }) => headers['proxy-authorization'] === undefined));
    registries.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('HTTP is asked of the proxy by its whole URL', async () => {
  await using server = await startHostileRegistry();
  await using proxy = await startProxy();
  server.add(makeImage(), 'app', '1');
  const name = `mirror.test:${server.domain.split(':')[1]}`;
  const registries = new Registries({ timeouts, proxy: { http: proxy.url }, mirrors: [`http://${name}`] });
  server.add(makeImage(), 'library/app', '1');
  const repository = registries.repository(parseReference('app:1'), ANONYMOUS);
  assert.ok((await repository.resolve(ctx)).size > 0);
  assert.deepEqual(proxy.seen, [`HEAD http://${name}/v2/library/app/manifests/1 `]);
  registries.close();
});

test('a proxy that refuses, or is not there, is named', async () => {
  await using proxy = await startProxy(true);
  for (const { url, want } of [
    { url: proxy.url, want: /proxyconnect tcp: the proxy 127\.0\.0\.1:\d+ answered 403 Forbidden/ },
    { url: 'http://127.0.0.1:1', want: /proxyconnect tcp: .*ECONNREFUSED/ },
  ]) {
    const registries = new Registries({ timeouts, proxy: { https: url } });
    const repository = registries.repository(parseReference('registry.test/app:1'), ANONYMOUS);
    await assert.rejects(repository.resolve(ctx), { kind: 'unavailable', message: want });
    registries.close();
  }
});
