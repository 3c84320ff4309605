import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { ANONYMOUS, type Credentials } from '../../src/distribution/credentials.ts';
import { Registries } from '../../src/distribution/registries.ts';
import type { RegistryConfig } from '../../src/distribution/registry-config.ts';
import type { Repository } from '../../src/distribution/repository.ts';
import type { Descriptor } from '../../src/formats/descriptor.ts';
import { parseReference } from '../../src/formats/reference.ts';
import {
  type HostileOptions,
  type HostileRegistry,
  redirectTo,
  refuse,
  reply,
  startHostileRegistry,
} from '../support/hostile-registry.ts';
import { makeImage } from '../support/image.ts';
import { makeCertificate } from '../support/registry.ts';

const ctx = backgroundCtx();
const alice: Credentials = { kind: 'password', username: 'alice', password: 'pa:ss wörd' };
const ALICE = 'alice:pa:ss wörd';
const timeouts = { connect: 2000, headers: 1000, stall: 500, backoff: 5 };

interface Fixture extends AsyncDisposable {
  readonly server: HostileRegistry;
  readonly registries: Registries;
  resolve(credentials?: Credentials): Promise<Descriptor>;
  repository(credentials?: Credentials): Repository;
}

async function serving(options: HostileOptions, config: Partial<RegistryConfig> = {}): Promise<Fixture> {
  const server = await startHostileRegistry(options);
  server.add(makeImage(), 'team/app', '1');
  const registries = new Registries({ timeouts, certDirs: [], ...config });
  const repository = (credentials: Credentials = ANONYMOUS): Repository =>
    registries.repository(parseReference(`${server.domain}/team/app:1`), credentials);
  return {
    server,
    registries,
    repository,
    resolve: (credentials) => repository(credentials).resolve(ctx),
    [Symbol.asyncDispose]: async () => {
      registries.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('an anonymous token is got for the scope and used for all that follows', async () => {
  await using it = await serving({ token: {} });
  const repository = it.repository();
  const descriptor = await repository.resolve(ctx);
  await repository.manifest(ctx, descriptor);
  await it.resolve();
  const asked = it.server.asked(/token/);
  assert.equal(asked.length, 1);
  const query = new URL(asked[0]?.path ?? '', it.server.url).searchParams;
  assert.equal(query.get('service'), 'test registry');
  assert.equal(query.get('scope'), 'repository:team/app:pull');
  assert.equal(asked[0]?.headers.authorization, undefined);
});

test('token servers may call it access_token', async () => {
  await using it = await serving({ token: { field: 'access_token' } });
  assert.ok((await it.resolve()).size > 0);
});

test('a password goes to the token server only', async () => {
  await using it = await serving({ token: { basic: ALICE } });
  assert.ok((await it.resolve(alice)).size > 0);
  const basic = `Basic ${Buffer.from(ALICE).toString('base64')}`;
  for (const { path, headers } of it.server.requests) {
    if (path.startsWith('/token')) assert.equal(headers.authorization, basic);
    else assert.doesNotMatch(headers.authorization ?? '', /Basic/);
  }
});

test('a wrong password is said to be one', async () => {
  await using it = await serving({ token: { basic: 'bob:x' } });
  await assert.rejects(it.resolve(alice), {
    kind: 'unauthorized',
    message: `Get "${it.server.url}/v2/team/app/manifests/1": unauthorized: incorrect username or password`,
  });
  await assert.rejects(it.registries.login(ctx, it.server.domain, alice), {
    kind: 'unauthorized',
    message: `Get "${it.server.url}/v2/": unauthorized: incorrect username or password`,
  });
});

test('an identity token is exchanged by OAuth 2', async () => {
  await using it = await serving({ token: { refresh: 'refresh-me' } });
  assert.ok((await it.resolve({ kind: 'identity-token', token: 'refresh-me' })).size > 0);
  const form = new URLSearchParams(it.server.asked(/^POST \/token/)[0]?.body);
  assert.equal(form.get('grant_type'), 'refresh_token');
  assert.equal(form.get('service'), 'test registry');
  assert.equal(form.get('scope'), 'repository:team/app:pull');
});

test('a registry token is sent as it is', async () => {
  await using it = await serving({});
  await it.resolve({ kind: 'registry-token', token: 'abc' });
  assert.equal(it.server.asked(/^HEAD/)[0]?.headers.authorization, 'Bearer abc');
});

test('login brings home an identity token when the server gives one', async () => {
  await using it = await serving({ token: { basic: ALICE } });
  it.server.on(/^GET \/token/, reply(200, { token: 'token-0', refresh_token: 'keep-me' }));
  it.server.on(/^GET \/v2\/$/, (request, response, honest) =>
    request.headers.authorization === 'Bearer token-0'
      ? honest()
      : reply(401, '', { 'WWW-Authenticate': `Bearer realm="${it.server.url}/token",service="s"` })(
          request,
          response,
          honest,
        ),
  );
  const server = `http://${it.server.domain}/v1/`;
  assert.deepEqual(await it.registries.login(ctx, server, alice), { identityToken: 'keep-me' });
  assert.match(it.server.asked(/token/)[0]?.path ?? '', /offline_token=true/);
});

test('a token that is not taken any more is replaced, a 401 without end is not argued with', async () => {
  await using it = await serving({ token: { uses: 1 } });
  const repository = it.repository();
  const descriptor = await repository.resolve(ctx);
  await repository.manifest(ctx, descriptor);
  assert.equal(it.server.asked(/token/).length, 2);
  await using loop = await serving({ token: { uses: 0 } });
  await assert.rejects(loop.resolve(), { kind: 'unauthorized' });
  assert.ok(loop.server.requests.length < 15, `${loop.server.requests.length} requests`);
});

test('a token that has expired is not used', async () => {
  await using it = await serving({ token: { expiresIn: 0 } });
  await it.resolve();
  await it.resolve();
  assert.ok(it.server.asked(/token/).length >= 2);
  assert.equal(it.server.asked(/^HEAD/).length, 3);
});

test('credentials do not follow a redirect to another origin, nor answer its challenge', async () => {
  await using other = await startHostileRegistry({ basic: ALICE });
  await using it = await serving({ basic: ALICE });
  other.add(makeImage(), 'team/app', '1');
  it.server.on(/manifests/, (request, response, honest) =>
    request.headers.authorization
      ? redirectTo(`${other.url}${request.path}`)(request, response, honest)
      : reply(401, '', { 'WWW-Authenticate': 'Basic realm="x"' })(request, response, honest),
  );
  await assert.rejects(it.resolve(alice), { kind: 'unauthorized' });
  assert.ok(other.requests.length > 0);
  for (const { headers } of other.requests) assert.equal(headers.authorization, undefined);
});

test('credentials are kept on a redirect within the registry', async () => {
  await using it = await serving({ basic: ALICE });
  it.server.on(/manifests\/1$/, (request, response, honest) =>
    request.headers.authorization
      ? redirectTo('/v2/team/app/manifests/1?moved')(request, response, honest)
      : reply(401, '', { 'WWW-Authenticate': 'Basic realm="x"' })(request, response, honest),
  );
  assert.ok((await it.resolve(alice)).size > 0);
});

test('a mirror does not see the credentials of the registry', async () => {
  await using mirror = await startHostileRegistry({ basic: ALICE });
  mirror.add(makeImage(), 'team/app', '1');
  await using origin = await serving({ basic: ALICE });
  const registries = new Registries({
    timeouts,
    mirrors: [`${origin.server.domain}=${mirror.url}`],
  });
  const reference = parseReference(`${origin.server.domain}/team/app:1`);
  assert.ok((await registries.repository(reference, alice).resolve(ctx)).size > 0);
  assert.ok(mirror.requests.length > 0);
  for (const { headers } of mirror.requests) assert.equal(headers.authorization, undefined);
  registries.close();
});

test('a refusal of the token server for want of rights reads as for the registry itself', async () => {
  await using it = await serving({ token: {} });
  it.server.on(/token/, refuse(403, 'DENIED', 'requested access to the resource is denied'));
  await assert.rejects(it.resolve(), {
    kind: 'not-found',
    message: `pull access denied for ${it.server.domain}/team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
  });
});

test('insufficient scope is a denial', async () => {
  await using it = await serving({ token: {} });
  const challenge = `Bearer realm="${it.server.url}/token",service="s",error="insufficient_scope"`;
  it.server.on(
    /manifests/,
    refuse(401, 'UNAUTHORIZED', 'authentication required', { 'WWW-Authenticate': challenge }),
  );
  await assert.rejects(it.resolve(), {
    kind: 'not-found',
    message: /^pull access denied for .*: denied: requested access/,
  });
});

test('nonsense from a token server is named', async () => {
  for (const { body, want } of [
    { body: 'not json', want: /not JSON/ },
    { body: '{}', want: /no usable token/ },
    { body: '{"token":"a\\nb"}', want: /no usable token/ },
    { body: '{"token":"t","expires_in":-5}', want: /expires_in/ },
  ]) {
    await using it = await serving({ token: {} });
    it.server.on(/token/, reply(200, body));
    await assert.rejects(it.resolve(), { kind: 'invalid', message: want });
  }
});

test('secrets that a server echoes do not reach the message', async () => {
  await using it = await serving({ token: { basic: ALICE } });
  it.server.on(/token/, (request, response, honest) =>
    refuse(401, 'UNAUTHORIZED', `I got ${request.headers.authorization} with pa:ss wörd`)(
      request,
      response,
      honest,
    ),
  );
  await assert.rejects(it.resolve(alice), (error: Error) => {
    assert.match(error.message, /I got Basic xxxxx with xxxxx/);
    return true;
  });
});

function certificates(t: TestContext): { dir: string; ca: string; cert: string; key: string } {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-auth-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return { dir, ...makeCertificate(dir) };
}

test('a registry by HTTPS must not send credentials to a realm by HTTP', async (t) => {
  const { cert, key } = certificates(t);
  await using stranger = await startHostileRegistry();
  await using it = await serving({ tls: { cert, key }, token: { realm: `${stranger.url}/token` } });
  await assert.rejects(it.resolve(alice), { kind: 'unauthorized', message: /over plain HTTP/ });
  assert.equal(stranger.requests.length, 0);
});

test('a redirect from HTTPS to HTTP is refused', async (t) => {
  const { cert, key } = certificates(t);
  await using stranger = await startHostileRegistry();
  await using it = await serving({ tls: { cert, key } });
  it.server.on(/manifests/, redirectTo(`${stranger.url}/x`));
  await assert.rejects(it.resolve(), { kind: 'invalid', message: /redirect from https to http:/ });
  assert.equal(stranger.requests.length, 0);
});

test('a client certificate of certs.d is shown to its registry', async (t) => {
  const { dir, ca, cert, key } = certificates(t);
  const mutual = { cert, key, ca, requestCert: true, rejectUnauthorized: true };
  await using it = await serving({ tls: mutual });
  const hostDir = join(dir, 'certs.d', it.server.domain);
  mkdirSync(hostDir, { recursive: true });
  writeFileSync(join(hostDir, 'ca.crt'), ca);
  writeFileSync(join(hostDir, 'client.cert'), cert);
  const reference = parseReference(`${it.server.domain}/team/app:1`);
  const lacking = new Registries({ timeouts, certDirs: [join(dir, 'certs.d')] });
  await assert.rejects(lacking.repository(reference, ANONYMOUS).resolve(ctx), {
    kind: 'invalid',
    message: /missing key client\.key for client certificate client\.cert/,
  });
  writeFileSync(join(hostDir, 'client.key'), key);
  const having = new Registries({ timeouts, certDirs: [join(dir, 'certs.d')] });
  assert.ok((await having.repository(reference, ANONYMOUS).resolve(ctx)).size > 0);
  await assert.rejects(it.resolve(), { kind: 'unavailable' });
  lacking.close();
  having.close();
});
