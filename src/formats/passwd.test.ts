import assert from 'node:assert/strict';
import test from 'node:test';
import { parseGroup, parseId, parsePasswd } from './passwd.ts';

test('passwd entries', () => {
  const text =
    '# users\nroot:x:0:0:root:/root:/bin/sh\n\n  www:x:33:33::/var/www:/bin/false  \nnohome:x:7:7\nlast:x:9:9:::';
  assert.deepEqual(parsePasswd(text), [
    { name: 'root', uid: 0, gid: 0, home: '/root' },
    { name: 'www', uid: 33, gid: 33, home: '/var/www' },
    { name: 'nohome', uid: 7, gid: 7, home: '' },
    { name: 'last', uid: 9, gid: 9, home: '' },
  ]);
});

for (const line of [
  '',
  ':x:1:1::/:',
  'a:x',
  'a:x::1::/:',
  'a:x:-1:1::/:',
  'a:x:4294967296:1::/:',
  'a:x:2147483648:1::/',
  '+::::::',
]) {
  test(`no passwd entry: ${JSON.stringify(line)}`, () => assert.deepEqual(parsePasswd(line), []));
}

test('group entries', () => {
  assert.deepEqual(parseGroup('root:x:0:\nadm:x:4:syslog,me\nbad:x:n:\n#c:x:1:\n'), [
    { name: 'root', gid: 0, members: [] },
    { name: 'adm', gid: 4, members: ['syslog', 'me'] },
  ]);
});

test('ids that other readers would wrap are none (CVE-2024-40635)', () => {
  assert.equal(parseId('2147483647'), 2147483647);
  for (const text of [
    '2147483648',
    '4294967295',
    '4294967296',
    '18446744073709551616',
    '-1',
    '+1',
    ' 1',
    '1 ',
    '',
  ]) {
    assert.equal(parseId(text), undefined, text);
  }
});
