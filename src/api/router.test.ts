import assert from 'node:assert/strict';
import { test } from 'node:test';
import { empty } from './reply.ts';
import { createRouter, type Route } from './router.ts';

const routes: Route[] = ['/images/json', '/images/{name:.*}/json', '/containers/{id}/json'].map((path) => ({
  method: 'GET',
  path,
  handle: () => empty(),
}));

const rows = [
  { name: 'literal before pattern', method: 'GET', path: '/images/json', want: '/images/json', params: {} },
  {
    name: 'slashes in an image name',
    method: 'GET',
    path: '/images/a/b:1/json',
    want: '/images/{name:.*}/json',
    params: { name: 'a/b:1' },
  },
  {
    name: 'escaped',
    method: 'GET',
    path: '/images/a%2Fb/json',
    want: '/images/{name:.*}/json',
    params: { name: 'a/b' },
  },
  {
    name: 'one segment only',
    method: 'GET',
    path: '/containers/a/b/json',
    want: undefined,
    params: undefined,
  },
  { name: 'method counts', method: 'POST', path: '/images/json', want: undefined, params: undefined },
];

for (const row of rows) {
  test(`router: ${row.name}`, () => {
    const match = createRouter(routes)(row.method, row.path);
    assert.equal(match?.route.path, row.want);
    assert.deepEqual(match?.params, row.params);
  });
}
