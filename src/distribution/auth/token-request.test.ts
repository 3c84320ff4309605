import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANONYMOUS } from '../credentials.ts';
import { parseRealm, parseToken, tokenRequest } from './token-request.ts';

const HTTPS = new URL('https://registry.example');
const HTTP = new URL('http://registry.example');

const REALMS: { realm: string | undefined; registry: URL; refused?: RegExp }[] = [
  { realm: 'https://auth.example/token', registry: HTTPS },
  { realm: 'https://auth.example/token?a=b', registry: HTTP },
  { realm: 'http://auth.example/token', registry: HTTP },
  { realm: 'http://auth.example/token', registry: HTTPS, refused: /plain HTTP/ },
  { realm: 'http://registry.example/token', registry: HTTPS, refused: /plain HTTP/ },
  { realm: 'file:///etc/passwd', registry: HTTP, refused: /speaks file:/ },
  { realm: 'https://user:pw@auth.example/', registry: HTTPS, refused: /holds credentials/ },
  { realm: '/token', registry: HTTPS, refused: /is no URL/ },
  { realm: '', registry: HTTPS, refused: /is no URL/ },
  { realm: undefined, registry: HTTPS, refused: /is no URL/ },
];
for (const { realm, registry, refused } of REALMS) {
  test(`realm ${realm} of ${registry.protocol} registry`, () => {
    if (refused) assert.throws(() => parseRealm(realm, registry), { kind: 'unauthorized', message: refused });
    else assert.equal(parseRealm(realm, registry).href, realm);
  });
}

test('token requests by kind of credentials', () => {
  const server = { realm: new URL('https://auth.example/token?a=b'), service: 'my registry' };
  const scopes = ['repository:x:pull', 'aws'];
  const options = { verifyTls: true, offline: false };
  const anonymous = tokenRequest(server, scopes, ANONYMOUS, options);
  assert.equal(anonymous.url.search, '?a=b&service=my+registry&scope=repository%3Ax%3Apull&scope=aws');
  assert.deepEqual(anonymous.headers, {});
  const password = { kind: 'password', username: 'ü', password: 'p:w' } as const;
  const basic = tokenRequest(server, [], password, { ...options, offline: true });
  assert.equal(basic.headers['Authorization'], `Basic ${Buffer.from('ü:p:w').toString('base64')}`);
  assert.equal(basic.url.searchParams.get('account'), 'ü');
  assert.equal(basic.url.searchParams.get('offline_token'), 'true');
  const refresh = tokenRequest(server, scopes, { kind: 'identity-token', token: 'r' }, options);
  assert.equal(refresh.method, 'POST');
  assert.equal(
    refresh.body,
    'grant_type=refresh_token&service=my+registry&client_id=gantry&refresh_token=r&scope=repository%3Ax%3Apull+aws',
  );
});

test('tokens under either name, for a minute unless said otherwise', () => {
  const parse = (json: object): ReturnType<typeof parseToken> =>
    parseToken(Buffer.from(JSON.stringify(json)), new URL('https://a/'));
  assert.deepEqual(parse({ token: 't' }), { token: 't', expiresIn: 60 });
  assert.deepEqual(parse({ access_token: 't', expires_in: 300, refresh_token: 'r' }), {
    token: 't',
    expiresIn: 300,
    identityToken: 'r',
  });
  for (const bad of [{}, { token: '' }, { token: 7 }, { token: 'a b' }, { token: 'x', expires_in: 'soon' }]) {
    assert.throws(() => parse(bad), { kind: 'invalid', message: /^token from a: / });
  }
});
