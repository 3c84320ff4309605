import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGantryd } from '../support/daemon.ts';
import { startHostileRegistry } from '../support/hostile-registry.ts';
import { makeImage } from '../support/image.ts';
import { PASSWORD, startRegistry, USER } from '../support/registry.ts';

test('docker login, a private pull, and what goes wrong, in the words of dockerd', async () => {
  await using registry = await startRegistry({ auth: true });
  await using tokens = await startHostileRegistry({ token: { basic: 'alice:pw' } });
  await registry.push(makeImage(), 'private:1');
  await using daemon = await startGantryd();
  const image = `${registry.domain}/private:1`;
  const login = (user: string, password: string, domain: string): ReturnType<typeof daemon.docker> =>
    daemon.docker('login', '--username', user, '--password', password, domain);

  const anonymous = await daemon.docker('pull', image);
  assert.equal(anonymous.status, 1);
  assert.match(anonymous.stderr, /^Error response from daemon: Get ".*": no basic auth credentials$/m);

  const wrong = await login(USER, 'wrong', registry.domain);
  assert.match(
    wrong.stderr,
    /Error response from daemon: login attempt to http:.*\/v2\/ failed with status: 401 Unauthorized/,
  );
  const right = await login(USER, PASSWORD, registry.domain);
  assert.match(right.stdout, /Login Succeeded/);
  assert.equal((await daemon.docker('pull', '--quiet', image)).stdout, `${image}\n`);

  assert.match((await login('alice', 'pw', tokens.domain)).stdout, /Login Succeeded/);
  const refused = await login('alice', 'no', tokens.domain);
  assert.match(
    refused.stderr,
    /Error response from daemon: Get "http:.*\/v2\/": unauthorized: incorrect username or password/,
  );
});
