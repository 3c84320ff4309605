import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Challenge, parseChallenges } from './challenge.ts';

const ROWS: { name: string; header: string | undefined; want: Challenge[] }[] = [
  { name: 'none', header: undefined, want: [] },
  { name: 'basic', header: 'Basic realm="x"', want: [{ scheme: 'basic', parameters: { realm: 'x' } }] },
  {
    name: 'bearer as Docker Hub sends it',
    header:
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/x:pull"',
    want: [
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/x:pull',
        },
      },
    ],
  },
  {
    name: 'two in one header',
    header: 'Bearer realm="https://a/t",service="s", Basic realm="b"',
    want: [
      { scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's' } },
      { scheme: 'basic', parameters: { realm: 'b' } },
    ],
  },
  {
    name: 'a scheme without parameters, then another',
    header: 'Negotiate, Basic realm="b"',
    want: [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'b' } },
    ],
  },
  {
    name: 'commas, quotes and spaces in a value',
    header: 'Bearer scope="a:b:pull,push", realm="say \\"hi\\"", x=plain',
    want: [{ scheme: 'bearer', parameters: { scope: 'a:b:pull,push', realm: 'say "hi"', x: 'plain' } }],
  },
  {
    name: 'other cases and loose spaces',
    header: '  BEARER   Realm = "r" , SERVICE=s',
    want: [{ scheme: 'bearer', parameters: { realm: 'r', service: 's' } }],
  },
  {
    name: 'an unquoted URL',
    header: 'Bearer realm=https://a/t?x',
    want: [{ scheme: 'bearer', parameters: { realm: 'https://a/t?x' } }],
  },
  { name: 'nonsense', header: '"""', want: [] },
  { name: 'a parameter without scheme', header: 'realm="x"', want: [] },
  { name: 'an end too soon', header: 'Bearer realm="x', want: [{ scheme: 'bearer', parameters: {} }] },
];
for (const { name, header, want } of ROWS) {
  test(`challenge: ${name}`, () => assert.deepEqual(parseChallenges(header), want));
}

test('a header of great length is read at once', () => {
  const started = performance.now();
  parseChallenges(`Bearer ${'a="b",'.repeat(100_000)}`);
  parseChallenges(`Bearer a="${'\\'.repeat(100_000)}`);
  assert.ok(performance.now() - started < 200);
});
