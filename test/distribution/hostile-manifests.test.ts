import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import type { EngineError } from '../../src/base/errors.ts';
import { ANONYMOUS } from '../../src/distribution/credentials.ts';
import { Registries } from '../../src/distribution/registries.ts';
import type { Descriptor } from '../../src/formats/descriptor.ts';
import { parseReference } from '../../src/formats/reference.ts';
import {
  type Behaviour,
  type HostileRegistry,
  redirectTo,
  refuse,
  reply,
  startHostileRegistry,
} from '../support/hostile-registry.ts';
import { blobOf, makeImage, sha256 } from '../support/image.ts';

const ctx = backgroundCtx();
const timeouts = { connect: 2000, headers: 500, stall: 300, backoff: 5 };
const image = makeImage();
const OCI = 'application/vnd.oci.image.manifest.v1+json';

/** Resolves `app:1` (or `name`) and gets its manifest, as a pull does. */
async function pullManifest(
  server: HostileRegistry,
  name = 'app:1',
): Promise<{ descriptor: Descriptor; size: number }> {
  const registries = new Registries({ timeouts });
  try {
    const repository = registries.repository(parseReference(`${server.domain}/${name}`), ANONYMOUS);
    const descriptor = await repository.resolve(ctx);
    return { descriptor, size: (await repository.manifest(ctx, descriptor)).byteLength };
  } finally {
    registries.close();
  }
}

test('one HEAD and one GET for a tag, one GET for a digest', async () => {
  await using server = await startHostileRegistry();
  server.add(image, 'app', '1');
  assert.equal((await pullManifest(server)).size, image.manifest.size);
  assert.deepEqual(
    server.asked(/manifests/).map(({ method }) => method),
    ['HEAD', 'GET'],
  );
  await pullManifest(server, `app:other@${image.manifest.digest}`);
  assert.equal(server.asked(/manifests/).length, 3);
});

test('a registry that does not know HEAD, or tells no digest, is asked by GET', async () => {
  for (const head of [reply(405), reply(200, '', { 'Content-Type': OCI }), reply(404)]) {
    await using server = await startHostileRegistry();
    server.add(image, 'app', '1');
    server.on(/^HEAD/, head);
    const { descriptor } = await pullManifest(server);
    assert.equal(descriptor.digest, image.manifest.digest);
    assert.equal(descriptor.mediaType, OCI);
  }
});

const json = (body: unknown, type = OCI): Behaviour => reply(200, body, { 'Content-Type': type });
const index = 'application/vnd.oci.image.index.v1+json';
const manifest = JSON.parse(image.manifest.bytes.toString());

const BAD: { name: string; answer: Behaviour; kind: EngineError['kind']; message: RegExp }[] = [
  { name: 'no JSON', answer: reply(200, '<html>'), kind: 'invalid', message: /manifest of .*: not JSON/ },
  { name: 'an array', answer: json([]), kind: 'invalid', message: /expected an object/ },
  { name: 'no schemaVersion', answer: json({}), kind: 'invalid', message: /schemaVersion: expected 2/ },
  {
    name: 'schema 1',
    answer: json(
      { schemaVersion: 1, fsLayers: [] },
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
    ),
    kind: 'not-implemented',
    message: /schema 1 is not supported/,
  },
  {
    name: 'both layers and manifests',
    answer: json({ ...manifest, manifests: [] }),
    kind: 'invalid',
    message: /ambiguous manifest: .* must not have "manifests"/,
  },
  {
    name: 'an index with a config',
    answer: json({ ...manifest, mediaType: index, manifests: [] }, index),
    kind: 'invalid',
    message: /ambiguous manifest: .* must not have "config"/,
  },
  {
    name: 'another media type than announced',
    answer: json(manifest, index),
    kind: 'invalid',
    message: /announced as .*index.*, but its mediaType is/,
  },
  {
    name: 'a layer without size',
    answer: json({ ...manifest, layers: [{ ...manifest.layers[0], size: -1 }] }),
    kind: 'invalid',
    message: /layers\[0\]\.size: expected a whole number, got -1/,
  },
  {
    name: 'a digest that climbs out',
    answer: json({ ...manifest, layers: [{ ...manifest.layers[0], digest: 'sha256:../../../etc/passwd' }] }),
    kind: 'invalid',
    message: /layers\[0\]\.digest: invalid digest/,
  },
  {
    name: 'five megabytes',
    answer: reply(200, 'x'.repeat(5 << 20)),
    kind: 'invalid',
    message: /larger than 4194304 bytes/,
  },
  {
    name: 'a page of an unknown media type',
    answer: json({ schemaVersion: 2, mediaType: 'text/html' }, 'text/html'),
    kind: 'invalid',
    message: /unsupported manifest media type "text\/html"/,
  },
  {
    name: 'an announced digest that is another',
    answer: reply(200, image.manifest.bytes, { 'Content-Type': OCI, 'Docker-Content-Digest': sha256('x') }),
    kind: 'data-loss',
    message: /manifest verification failed/,
  },
  {
    name: 'an announced digest that is none',
    answer: reply(200, image.manifest.bytes, { 'Docker-Content-Digest': 'sha256:nonsense' }),
    kind: 'invalid',
    message: /Docker-Content-Digest header: invalid digest/,
  },
  {
    name: 'an error page of a proxy',
    answer: reply(403, '<html>blocked</html>'),
    kind: 'forbidden',
    message: /^error parsing HTTP 403 response body: it is not JSON: "<html>blocked<\/html>"$/,
  },
  {
    name: 'a bad gateway without end',
    answer: reply(502),
    kind: 'unavailable',
    message: /^received unexpected HTTP status: 502 Bad Gateway$/,
  },
  {
    name: 'a pull limit',
    answer: refuse(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.'),
    kind: 'unavailable',
    message: /^toomanyrequests: You have reached your pull rate limit\.$/,
  },
  {
    name: 'a retry asked for after an hour',
    answer: refuse(503, 'UNAVAILABLE', 'back at noon', { 'Retry-After': '3600' }),
    kind: 'unavailable',
    message: /^unavailable: back at noon$/,
  },
  {
    name: 'a redirect to nowhere',
    answer: redirectTo('http://127.0.0.1:1/'),
    kind: 'unavailable',
    message: /connection refused/,
  },
  {
    name: 'an error of control characters and great length',
    answer: refuse(400, 'X\u001b[31m', `\u001b]0;title\u0007${'long '.repeat(5000)}`),
    kind: 'system',
    message: /^x \[31m: \]0;title long .{900,1100}…$/,
  },
  { name: 'an endless error', answer: endless, kind: 'system', message: /^error parsing HTTP 400/ },
  { name: 'silence', answer: () => {}, kind: 'unavailable', message: /awaiting response headers/ },
];

async function endless(_request: unknown, response: Parameters<Behaviour>[1]): Promise<void> {
  response.writeHead(400);
  while (!response.destroyed && response.writable) {
    await new Promise((done) => response.write('x'.repeat(10_000), done));
  }
}

for (const { name, answer, kind, message } of BAD) {
  test(`instead of a manifest: ${name}`, async () => {
    await using server = await startHostileRegistry();
    server.on(/^HEAD/, reply(405));
    server.on(/^GET .*manifests/, answer);
    await assert.rejects(pullManifest(server), (error: EngineError) => {
      assert.match(error.message, message);
      assert.equal(error.kind, kind);
      assert.ok(error.message.length < 3000);
      return true;
    });
    assert.ok(server.requests.length < 10);
  });
}

test('a manifest that is not the one its HEAD announced is refused', async () => {
  await using server = await startHostileRegistry();
  server.add(image, 'app', '1');
  server.on(/^GET .*manifests/, (_request, _response, honest) =>
    honest({ bytes: () => Buffer.from('{"schemaVersion":2}') }),
  );
  await assert.rejects(pullManifest(server), { kind: 'data-loss', message: /manifest verification failed/ });
});

test('a server that speaks something else', async () => {
  const server = createServer((socket) =>
    socket
      .resume()
      .on('error', () => {})
      .end('220 mail.example ESMTP\r\n'),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const registries = new Registries({ timeouts });
  try {
    const repository = registries.repository(parseReference(`127.0.0.1:${port}/app:1`), ANONYMOUS);
    await assert.rejects(repository.resolve(ctx), {
      kind: 'unavailable',
      message: /^Get "http:.*": Parse Error/,
    });
  } finally {
    registries.close();
    await new Promise((done) => server.close(done));
  }
});

test('a mirror serves an image of a registry that is out of reach', async () => {
  await using mirror = await startHostileRegistry();
  mirror.add(image, 'app', '1');
  const registries = new Registries({ timeouts, mirrors: [`127.0.0.1:1=${mirror.url}`] });
  const repository = registries.repository(parseReference('127.0.0.1:1/app:1'), ANONYMOUS);
  assert.equal((await repository.resolve(ctx)).digest, image.manifest.digest);
  registries.close();
});

test('a mirror that tells lies is passed over', async () => {
  await using mirror = await startHostileRegistry();
  await using origin = await startHostileRegistry();
  origin.add(image, 'app', '1');
  mirror.add(image, 'app', '1');
  mirror.on(/^GET .*manifests/, (_request, _response, honest) =>
    honest({ bytes: () => Buffer.from('lies') }),
  );
  const registries = new Registries({ timeouts, mirrors: [`${origin.domain}=${mirror.url}`] });
  const repository = registries.repository(parseReference(`${origin.domain}/app:1`), ANONYMOUS);
  const descriptor = await repository.resolve(ctx);
  assert.deepEqual(Buffer.from(await repository.manifest(ctx, descriptor)), image.manifest.bytes);
  registries.close();
});

test('tags come page by page, of the repository asked for only', async () => {
  await using server = await startHostileRegistry();
  server.on(
    /tags\/list\?n=1000$/,
    reply(200, { name: 'app', tags: ['a', 'b'] }, { Link: '</v2/secret/tags/list?last=b&n=2>; rel="next"' }),
  );
  server.on(/^GET \/v2\/app\/tags\/list\?last=b/, reply(200, { name: 'app', tags: ['c'] }));
  const registries = new Registries({ timeouts });
  const repository = registries.repository(parseReference(`${server.domain}/app`), ANONYMOUS);
  assert.deepEqual(await repository.tags(ctx), ['a', 'b', 'c']);
  server.on(/tags/, reply(200, { tags: [] }, { Link: '<?last=again>; rel="next"' }));
  await assert.rejects(repository.tags(ctx), { kind: 'invalid', message: /more than 100 pages/ });
  registries.close();
});

test('a schema 2 manifest of Docker is taken', async () => {
  await using server = await startHostileRegistry();
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const docker = blobOf(type, { ...manifest, mediaType: type });
  server.addBlob('app', docker, '1');
  assert.equal((await pullManifest(server)).descriptor.mediaType, type);
});
