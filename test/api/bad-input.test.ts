import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGantryd, type TestDaemon } from '../support/daemon.ts';
import { ask } from '../support/http.ts';

let daemon: TestDaemon;
before(async () => {
  daemon = await startGantryd();
});
after(() => daemon[Symbol.asyncDispose]());

const id = 'f'.repeat(64);
const rows = [
  { name: 'unknown route', method: 'GET', path: '/v1.41/nothing', status: 404, message: /page not found/ },
  {
    name: 'version too new',
    method: 'GET',
    path: '/v1.99/info',
    status: 400,
    message: /client version 1\.99 is too new\. Maximum supported API version is 1\.51/,
  },
  {
    name: 'version too old',
    method: 'GET',
    path: '/v1.10/info',
    status: 400,
    message: /client version 1\.10 is too old\. Minimum supported API version is 1\.24/,
  },
  {
    name: 'body is not JSON',
    method: 'POST',
    path: '/containers/create',
    body: '{"Image":',
    status: 400,
    message: /invalid JSON/,
  },
  {
    name: 'body of the wrong content type',
    method: 'POST',
    path: '/containers/create',
    body: 'Image=x',
    headers: { 'Content-Type': 'text/plain' },
    status: 400,
    message: /Content-Type header \(text\/plain\): must be 'application\/json'/,
  },
  {
    name: 'no body',
    method: 'POST',
    path: '/containers/create',
    status: 400,
    message: /config cannot be empty/,
  },
  {
    name: 'wrong type names the field',
    method: 'POST',
    path: '/containers/create',
    body: { Image: 'x', Cmd: 7 },
    status: 400,
    message: /Cmd/,
  },
  {
    name: 'wrong type inside HostConfig',
    method: 'POST',
    path: '/containers/create',
    body: { Image: 'x', HostConfig: { Memory: 'much' } },
    status: 400,
    message: /HostConfig\.Memory/,
  },
  {
    name: 'unknown image',
    method: 'POST',
    path: '/containers/create',
    body: { Image: 'nope', HostConfig: { NetworkMode: 'none' } },
    status: 404,
    message: /No such image: nope/,
  },
  {
    name: 'bad reference',
    method: 'POST',
    path: '/containers/create',
    body: { Image: 'x/UPPER', HostConfig: { NetworkMode: 'none' } },
    status: 400,
    message: /invalid reference format/,
  },
  {
    name: 'bad container name',
    method: 'POST',
    path: '/containers/create?name=a%20b',
    body: { Image: 'nope' },
    status: 400,
    message: /Invalid container name \(a b\)/,
  },
  {
    name: 'no such container: start',
    method: 'POST',
    path: `/containers/${id}/start`,
    status: 404,
    message: /No such container: f{64}/,
  },
  {
    name: 'no such container: json',
    method: 'GET',
    path: '/containers/nope/json',
    status: 404,
    message: /No such container: nope/,
  },
  {
    name: 'no such container: logs',
    method: 'GET',
    path: '/containers/nope/logs?stdout=1',
    status: 404,
    message: /No such container: nope/,
  },
  {
    name: 'no such container: wait',
    method: 'POST',
    path: '/containers/nope/wait',
    status: 404,
    message: /No such container: nope/,
  },
  {
    name: 'no such container: attach',
    method: 'POST',
    path: '/containers/nope/attach?stream=1',
    status: 404,
    message: /No such container: nope/,
  },
  {
    name: 'no such exec',
    method: 'POST',
    path: '/exec/nope/start',
    body: {},
    status: 404,
    message: /No such exec instance: nope/,
  },
  {
    name: 'number that is none',
    method: 'POST',
    path: '/containers/nope/stop?t=soon',
    status: 400,
    message: /query parameter t/,
  },
  {
    name: 'filters that are not JSON',
    method: 'GET',
    path: '/containers/json?filters=x',
    status: 400,
    message: /invalid filter/,
  },
  {
    name: 'unknown filter',
    method: 'GET',
    path: '/containers/json?filters=%7B%22colour%22%3A%5B%22red%22%5D%7D',
    status: 400,
    message: /invalid filter 'colour'/,
  },
  {
    name: 'pull of a bad reference',
    method: 'POST',
    path: '/images/create?fromImage=UPPER',
    status: 400,
    message: /invalid reference format|repository name must be lowercase/,
  },
  {
    name: 'no such image: inspect',
    method: 'GET',
    path: '/images/nope/json',
    status: 404,
    message: /No such image: nope/,
  },
  {
    name: 'no such image: remove',
    method: 'DELETE',
    path: '/images/nope',
    status: 404,
    message: /No such image: nope/,
  },
  {
    name: 'bridge network comes later, and says so',
    method: 'POST',
    path: '/containers/create',
    body: { Image: 'nope' },
    status: 501,
    message: /--net(work)?[= ]none/,
  },
];

for (const row of rows) {
  test(`bad input: ${row.name}`, async () => {
    const { status, body, headers } = await ask(daemon.host, row.method, row.path, row.body, row.headers);
    assert.match(JSON.parse(body).message, row.message);
    assert.equal(status, row.status);
    assert.equal(headers['content-type'], 'application/json');
    assert.equal(headers['api-version'], '1.51');
  });
}

test('bad input: the daemon is still there', async () => {
  assert.equal((await ask(daemon.host, 'GET', '/_ping')).body, 'OK');
});
