import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BuiltCli, buildCli } from '../support/gantry-cli.ts';
import { type Outcome, runProgram } from '../support/run-program.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';
const dir = mkdtempSync(join(tmpdir(), 'gantry-tls-'));
let cli: BuiltCli;
let host: string;

const server = createServer((request, reply) => {
  reply.setHeader('Api-Version', '1.51');
  reply.end(request.url?.endsWith('/containers/json') ? '[]' : 'OK');
});

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { cwd: dir, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

function certificate(name: string, extension: string): void {
  writeFileSync(join(dir, `${name}.ext`), extension);
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-subj',
    `/CN=${name}`,
    '-out',
    `${name}.csr`,
  );
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signing, '-extfile', `${name}.ext`, '-out', `${name}.crt`);
}

before(async () => {
  if (skip) return;
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'ca.key',
    '-subj',
    '/CN=ca',
    '-days',
    '2',
    '-out',
    'ca.pem',
  );
  certificate('server', 'subjectAltName=IP:127.0.0.1');
  certificate('client', 'extendedKeyUsage=clientAuth');
  for (const [from, to] of [
    ['client.crt', 'cert.pem'],
    ['client.key', 'key.pem'],
  ] as const) {
    writeFileSync(join(dir, to), readFileSync(join(dir, from)));
  }
  const read = (name: string) => readFileSync(join(dir, name));
  server.setSecureContext({ key: read('server.key'), cert: read('server.crt'), ca: read('ca.pem') });
  cli = await buildCli();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  host = `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
  cli?.remove();
  rmSync(dir, { recursive: true, force: true });
});

function ps(env: Record<string, string>, ...flags: string[]): Promise<Outcome> {
  const empty = { DOCKER_CONFIG: join(dir, 'none'), DOCKER_HOST: host };
  return runProgram(process.execPath, ['--', cli.program, ...flags, 'ps', '-q'], {
    env: { ...empty, ...env },
  });
}

test('a daemon behind TLS, verified by its CA', { skip }, async () => {
  assert.deepEqual(await ps({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: dir }), {
    code: 0,
    stdout: '',
    stderr: '',
  });
  const flags = [
    '--tlsverify',
    '--tlscacert',
    join(dir, 'ca.pem'),
    '--tlscert',
    join(dir, 'cert.pem'),
    '--tlskey',
    join(dir, 'key.pem'),
  ];
  assert.equal((await ps({}, ...flags)).code, 0);
});

test('a daemon nobody vouches for is refused, unless verification is off', { skip }, async () => {
  const refused = await ps({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(dir, 'none') });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /error during connect: tcp:\/\/127.0.0.1:\d+: .*(certificate|signature)/);
  assert.equal((await ps({}, '--tls')).code, 0);
});

test('certificates that the launcher has kept from Node are trusted', { skip }, async () => {
  const env = { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(dir, 'none') };
  assert.equal((await ps({ ...env, GANTRY_EXTRA_CA_CERTS: join(dir, 'ca.pem') })).code, 0);
});

test('plain HTTP to a TLS port says what may be wrong', { skip }, async () => {
  const { code, stderr } = await ps({});
  assert.equal(code, 1);
  assert.match(stderr, /TLS/);
});
