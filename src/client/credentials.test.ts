import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { backgroundCtx } from '../base/ctx.ts';
import { type AuthConfig, decodeRegistryAuth, parseDockerConfig } from '../formats/docker-config.ts';
import { parseReference } from '../formats/reference.ts';
import { registryAuth } from './credentials.ts';

/** Puts `docker-credential-test`, a shell script, into PATH for the time of a test. */
function installHelper(t: TestContext, script: string): void {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-helper-'));
  const path = process.env['PATH'];
  const program = join(dir, 'docker-credential-test');
  writeFileSync(program, `#!/bin/sh\n[ "$1" = get ] || exit 9\nread -r server\n${script}\n`);
  chmodSync(program, 0o755);
  process.env['PATH'] = `${dir}:${path}`;
  t.after(() => {
    process.env['PATH'] = path;
    rmSync(dir, { recursive: true, force: true });
  });
}

async function authOf(config: object, image: string): Promise<AuthConfig | undefined> {
  const parsed = parseDockerConfig(JSON.stringify(config), 'config.json');
  return decodeRegistryAuth(await registryAuth(backgroundCtx(), parsed, parseReference(image).domain));
}

test('the file itself, with the server that is meant', async () => {
  const auths = { 'https://index.docker.io/v1/': { auth: Buffer.from('alice:pw').toString('base64') } };
  assert.deepEqual(await authOf({ auths }, 'busybox'), {
    username: 'alice',
    password: 'pw',
    serverAddress: 'https://index.docker.io/v1/',
  });
  assert.equal(await authOf({ auths }, 'ghcr.io/x'), undefined);
});

test('a helper is asked for the server by name', async (t) => {
  installHelper(
    t,
    `echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"bob\\",\\"Secret\\":\\"pw-of-$server\\"}"`,
  );
  assert.deepEqual(await authOf({ credHelpers: { 'ghcr.io': 'test' } }, 'ghcr.io/x'), {
    username: 'bob',
    password: 'pw-of-ghcr.io',
    serverAddress: 'ghcr.io',
  });
  const hub = await authOf({ credsStore: 'test' }, 'busybox');
  assert.equal(hub?.password, 'pw-of-https://index.docker.io/v1/');
});

test('a helper may answer an identity token', async (t) => {
  installHelper(t, `echo '{"Username":"<token>","Secret":"idt"}'`);
  assert.deepEqual(await authOf({ credsStore: 'test' }, 'ghcr.io/x'), {
    identityToken: 'idt',
    serverAddress: 'ghcr.io',
  });
});

test('a helper that knows nothing, fails, or talks nonsense', async (t) => {
  installHelper(t, 'echo "credentials not found in native keychain"; exit 1');
  assert.equal(await authOf({ credsStore: 'test' }, 'ghcr.io/x'), undefined);
  installHelper(t, 'echo "the keyring is locked"; exit 1');
  await assert.rejects(authOf({ credsStore: 'test' }, 'ghcr.io/x'), {
    kind: 'system',
    message: 'error getting credentials: docker-credential-test: the keyring is locked',
  });
  installHelper(t, 'echo hello');
  await assert.rejects(
    authOf({ credsStore: 'test' }, 'ghcr.io/x'),
    /answer of docker-credential-test: not JSON/,
  );
  await assert.rejects(authOf({ credsStore: 'not-there' }, 'ghcr.io/x'), /docker-credential-not-there/);
});
