import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authFor,
  decodeRegistryAuth,
  decodeRegistryConfig,
  encodeRegistryAuth,
  helperFor,
  parseDockerConfig,
  serverFor,
  withAuth,
} from './docker-config.ts';
import { DOCKER_IO, parseDomain } from './reference.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const TEXT = JSON.stringify({
  auths: {
    'https://index.docker.io/v1/': { auth: base64('alice:pa:ss') },
    'ghcr.io': { auth: base64('bob:\0\0'), identitytoken: 'idt' },
    'https://reg.example:5000/v2/': { username: 'carol', password: 'pw' },
    'empty.example': {},
  },
  credHelpers: { 'gcr.io': 'gcloud' },
  credsStore: 'pass',
  proxies: { default: { httpProxy: 'http://p:3128', noProxy: 'localhost' } },
  psFormat: 'table {{.ID}}',
});

test('credentials, helpers and proxies', () => {
  const config = parseDockerConfig(TEXT, 'config.json');
  assert.deepEqual(config.auths['https://index.docker.io/v1/'], { username: 'alice', password: 'pa:ss' });
  assert.deepEqual(config.auths['ghcr.io'], { username: 'bob', identityToken: 'idt' });
  assert.equal(helperFor(config, 'gcr.io'), 'gcloud');
  assert.equal(helperFor(config, 'https://gcr.io/v2/'), 'gcloud');
  assert.equal(helperFor(config, 'quay.io'), 'pass');
  assert.deepEqual(config.proxies['default'], { httpProxy: 'http://p:3128', noProxy: 'localhost' });
});

const LOOKUPS: { server: string; want: string | undefined }[] = [
  { server: serverFor(DOCKER_IO), want: 'alice' },
  { server: 'docker.io', want: 'alice' },
  { server: 'reg.example:5000', want: 'carol' },
  { server: serverFor(parseDomain('ghcr.io')), want: 'bob' },
  { server: 'reg.example', want: undefined },
  { server: 'evil-ghcr.io', want: undefined },
  { server: 'constructor', want: undefined },
];
for (const { server, want } of LOOKUPS) {
  test(`credentials for ${server}`, () => {
    assert.equal(authFor(parseDockerConfig(TEXT, 'f').auths, server)?.username, want);
  });
}

test('writing credentials keeps everything else', () => {
  const config = parseDockerConfig(TEXT, 'f');
  const stored = parseDockerConfig(
    withAuth(config, 'new.example', { username: 'dave', password: 'pw' }),
    'f',
  );
  assert.deepEqual(stored.auths['new.example'], { username: 'dave', password: 'pw' });
  assert.equal(stored.document['psFormat'], 'table {{.ID}}');
  const token = parseDockerConfig(
    withAuth(stored, 'new.example', { username: 'dave', identityToken: 't' }),
    'f',
  );
  assert.deepEqual(token.auths['new.example'], { username: 'dave', identityToken: 't' });
  const removed = parseDockerConfig(withAuth(token, 'new.example', undefined), 'f');
  assert.deepEqual(removed.auths, config.auths);
});

const BAD: { text: string; want: RegExp }[] = [
  { text: '{', want: /^f: not JSON$/ },
  { text: '[]', want: /^f: expected an object/ },
  { text: '{"auths":{"x":7}}', want: /^f: auths\["x"\]: expected an object/ },
  {
    text: `{"auths":{"x":{"auth":"${base64('nocolon')}"}}}`,
    want: /auths\["x"\]\.auth: not base64 of USER:PASSWORD/,
  },
  { text: '{"credsStore":"../../bin/sh"}', want: /credsStore: "\.\.\/\.\.\/bin\/sh" is no helper name/ },
  { text: '{"credHelpers":{"x":"a b"}}', want: /credHelpers\["x"\]/ },
];
for (const { text, want } of BAD) {
  test(`refuses config ${text.slice(0, 40)}`, () => {
    assert.throws(() => parseDockerConfig(text, 'f'), { kind: 'invalid', message: want });
  });
}

test('no file is an empty configuration', () => {
  assert.deepEqual(parseDockerConfig('', 'f').auths, {});
});

test('the registry header goes there and back', () => {
  const auth = { username: 'ä', password: 'p?>', serverAddress: 'x' };
  assert.deepEqual(decodeRegistryAuth(encodeRegistryAuth(auth)), auth);
  // Older clients pad, or use the other alphabet.
  assert.deepEqual(decodeRegistryAuth(base64('{"username":"a","password":"??>"}')), {
    username: 'a',
    password: '??>',
  });
  assert.equal(decodeRegistryAuth(undefined), undefined);
  assert.equal(decodeRegistryAuth(base64('{}')), undefined);
  assert.throws(() => decodeRegistryAuth('%%%'), { kind: 'invalid', message: /X-Registry-Auth/ });
  const many = Buffer.from(JSON.stringify({ 'ghcr.io': { username: 'a' } })).toString('base64url');
  assert.deepEqual(decodeRegistryConfig(many), { 'ghcr.io': { username: 'a' } });
});
