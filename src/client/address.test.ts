import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from './address.ts';

test('where a daemon listens', () => {
  const rows: [text: string, tls: boolean, want: string][] = [
    ['', false, 'unix:///run/gantry/gantry.sock'],
    ['unix://', false, 'unix:///run/gantry/gantry.sock'],
    ['unix:///a/b c.sock', false, 'unix:///a/b c.sock'],
    ['tcp://host', false, 'tcp://host:2375'],
    ['tcp://host', true, 'tcp://host:2376'],
    ['tcp://:1', false, 'tcp://127.0.0.1:1'],
    ['tcp://[::1]:99', false, 'tcp://[::1]:99'],
    ['host:1', false, 'tcp://host:1'],
    ['http://host:80/docker/', false, 'tcp://host:80/docker'],
    ['https://host', false, 'tcp://host:2376'],
  ];
  for (const [text, tls, want] of rows) assert.equal(formatAddress(parseAddress(text, tls)), want, text);
});

test('what is no address is refused by name', () => {
  for (const text of [
    'ftp://x',
    'ssh://x',
    'tcp://x:99999',
    'tcp://x:y',
    'tcp://user@host',
    'fd://',
    'npipe:////./x',
  ]) {
    assert.throws(
      () => parseAddress(text, false),
      (error: Error) => error.message.includes(JSON.stringify(text)),
    );
  }
});
