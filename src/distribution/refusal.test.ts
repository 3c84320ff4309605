import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../formats/reference.ts';
import { pullError } from './pull-error.ts';
import { parseRefusal, parseRetryAfter } from './refusal.ts';
import { backoffMs, isTransient } from './retry-policy.ts';

const plain = { status: 404, statusText: 'Not Found', challenge: undefined, retryAfter: undefined, body: '' };

function error(code: string, message: string): string {
  return JSON.stringify({ errors: [{ code, message }] });
}

const reference = parseReference('me/app:1');
const ROWS: {
  name: string;
  answer: Partial<Parameters<typeof parseRefusal>[0]>;
  kind: string;
  want: string;
}[] = [
  {
    name: 'no such tag',
    answer: { body: error('MANIFEST_UNKNOWN', 'manifest unknown') },
    kind: 'not-found',
    want: 'manifest for me/app:1 not found: manifest unknown: manifest unknown',
  },
  {
    name: 'no such repository',
    answer: { body: error('NAME_UNKNOWN', 'repository name not known to registry') },
    kind: 'not-found',
    want: 'repository me/app not found: name unknown: repository name not known to registry',
  },
  {
    name: 'denied',
    answer: { status: 403, body: error('DENIED', 'requested access to the resource is denied') },
    kind: 'not-found',
    want: "pull access denied for me/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  },
  {
    name: 'denied by the challenge',
    answer: {
      status: 401,
      challenge: 'Bearer realm="r",error="insufficient_scope"',
      body: error('UNAUTHORIZED', 'x'),
    },
    kind: 'not-found',
    want: "pull access denied for me/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  },
  {
    name: 'unauthorized without a word',
    answer: { status: 401, body: '<html>' },
    kind: 'unauthorized',
    want: 'unauthorized: authentication required',
  },
  {
    name: 'a token server that gives details',
    answer: { status: 401, body: '{"details":"incorrect username or password"}' },
    kind: 'unauthorized',
    want: 'unauthorized: incorrect username or password',
  },
  {
    name: 'an error without message',
    answer: { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' },
    kind: 'system',
    want: 'digest invalid: digest invalid',
  },
  {
    name: 'JSON without errors',
    answer: { status: 404, body: '{}' },
    kind: 'not-found',
    want: 'error parsing HTTP 404 response body: no error details found in HTTP response body: "{}"',
  },
  {
    name: 'errors of another kind',
    answer: { status: 418, body: '{"errors":["x",null,7]}' },
    kind: 'system',
    want: 'error parsing HTTP 418 response body: no error details found in HTTP response body: "{\\"errors\\":[\\"x\\",null,7]}"',
  },
  {
    name: 'a server in trouble',
    answer: { status: 503, statusText: 'Service Unavailable', body: '<h1>' },
    kind: 'unavailable',
    want: 'received unexpected HTTP status: 503 Service Unavailable',
  },
  {
    name: 'too many requests as text',
    answer: { status: 429, body: 'slow down' },
    kind: 'unavailable',
    want: 'toomanyrequests: slow down',
  },
];
for (const { name, answer, kind, want } of ROWS) {
  test(`refusal: ${name}`, () => {
    const found = pullError(reference, parseRefusal({ ...plain, ...answer }));
    assert.equal(found.message, want);
    assert.equal(found.kind, kind);
  });
}

test('Retry-After in seconds and as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(parseRetryAfter('7', now), 7000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now), 5000);
  assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 0);
  assert.equal(parseRetryAfter('-7', now), undefined);
  assert.equal(parseRetryAfter('soon', now), undefined);
  assert.equal(parseRetryAfter(undefined, now), undefined);
});

test('what is worth another attempt, and after how long', () => {
  const transient = (status: number, retryAfterMs?: number): boolean =>
    isTransient({ status, code: '', message: '', ...(retryAfterMs !== undefined && { retryAfterMs }) });
  assert.deepEqual(
    [408, 429, 500, 503, 400, 401, 403, 404, 416].map((status) => transient(status)),
    [true, true, true, true, false, false, false, false, false],
  );
  assert.equal(transient(503, 30_000), true);
  assert.equal(transient(503, 3_600_000), false);
  assert.deepEqual(
    [2, 3, 4, 20].map((attempt) => backoffMs(attempt, 500)),
    [500, 1000, 2000, 30_000],
  );
  assert.equal(backoffMs(2, 500, 7000), 7000);
});
