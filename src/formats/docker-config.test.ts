import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  authFor,
  decodeRegistryAuth,
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
  assert.deepEqual(authFor(config, 'https://index.docker.io/v1/'), { username: 'alice', password: 'pa:ss' });
  assert.deepEqual(authFor(config, 'ghcr.io'), { username: 'bob', identityToken: 'idt' });
  assert.equal(authFor(config, 'empty.example'), undefined);
  assert.equal(config.psFormat, 'table {{.ID}}');
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
    assert.equal(authFor(parseDockerConfig(TEXT, 'f'), server)?.username, want);
  });
}

test('writing credentials keeps everything else', () => {
  const config = parseDockerConfig(TEXT, 'f');
  const stored = parseDockerConfig(
    withAuth(config, 'new.example', { username: 'dave', password: 'pw' }),
    'f',
  );
  assert.deepEqual(authFor(stored, 'new.example'), { username: 'dave', password: 'pw' });
  assert.equal(stored.document['psFormat'], 'table {{.ID}}');
  const token = parseDockerConfig(
    withAuth(stored, 'new.example', { username: 'dave', identityToken: 't' }),
    'f',
  );
  assert.deepEqual(authFor(token, 'new.example'), { username: 'dave', identityToken: 't' });
  const removed = parseDockerConfig(withAuth(token, 'new.example', undefined), 'f');
  assert.deepEqual(removed.auths, config.auths);
});

const BAD: { text: string; want: RegExp }[] = [
  { text: '{', want: /^f: not JSON$/ },
  { text: '[]', want: /^f: expected an object/ },
  { text: '{"auths":7}', want: /^f: auths: expected an object/ },
  { text: '{"HttpHeaders":{"x":7}}', want: /^f: HttpHeaders\.x: expected a string, got 7/ },
  { text: '{"detachKeys":7}', want: /^f: detachKeys: expected a string/ },
  { text: '{"credsStore":"../../bin/sh"}', want: /credsStore: "\.\.\/\.\.\/bin\/sh" is no helper name/ },
  { text: '{"credHelpers":{"x":"a b"}}', want: /credHelpers\.x/ },
];
for (const { text, want } of BAD) {
  test(`refuses config ${text.slice(0, 40)}`, () => {
    assert.throws(() => parseDockerConfig(text, 'f'), { kind: 'invalid', message: want });
  });
}

test('credentials that cannot be read spoil nothing else', () => {
  const auths = { x: { auth: base64('nocolon') }, y: 7, z: { username: 'z' } };
  const config = parseDockerConfig(JSON.stringify({ auths }), 'f');
  assert.equal(authFor(config, 'z')?.username, 'z');
  assert.throws(() => authFor(config, 'x'), /^EngineError: f: auths\.x\.auth: not base64 of USER:PASSWORD$/);
  assert.throws(() => authFor(config, 'y'), /f: auths\.y: expected an object/);
});

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
});
