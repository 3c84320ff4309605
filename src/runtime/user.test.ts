import assert from 'node:assert/strict';
import test from 'node:test';
import { resolveUser } from './user.ts';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1::/usr/sbin:/bin/false
app:x:1000:1000::/home/app:/bin/sh
1001:x:0:0:a name made of digits:/root:/bin/sh
huge:x:4294967296:0::/:/bin/sh
`;
const GROUP = `root:x:0:
daemon:x:1:
app:x:1000:
audio:x:29:app,daemon
video:x:44:app
1002:x:0:app
`;
const files: Readonly<Record<string, string>> = { '/etc/passwd': PASSWD, '/etc/group': GROUP };
const read = (path: string): string | undefined => files[path];
const none = (): undefined => undefined;

const rows: readonly { user: string; add?: string[]; want: object }[] = [
  { user: '', want: { uid: 0, gid: 0, groups: [0], home: '/root' } },
  { user: 'root', want: { uid: 0, gid: 0, groups: [0], home: '/root' } },
  { user: 'app', want: { uid: 1000, gid: 1000, groups: [1000, 29, 44, 0], home: '/home/app' } },
  { user: '1000', want: { uid: 1000, gid: 1000, groups: [1000, 29, 44, 0], home: '/home/app' } },
  { user: 'app:audio', want: { uid: 1000, gid: 29, groups: [29], home: '/home/app' } },
  { user: 'app:7', want: { uid: 1000, gid: 7, groups: [7], home: '/home/app' } },
  { user: '4711', want: { uid: 4711, gid: 0, groups: [0], home: '/' } },
  { user: '4711:4712', want: { uid: 4711, gid: 4712, groups: [4712], home: '/' } },
  { user: ':video', want: { uid: 0, gid: 44, groups: [44], home: '/root' } },
  { user: 'root', add: ['audio', '5', '29'], want: { uid: 0, gid: 0, groups: [0, 29, 5], home: '/root' } },
  { user: '2147483647', want: { uid: 2147483647, gid: 0, groups: [0], home: '/' } },
];
for (const { user, add = [], want } of rows) {
  test(`user ${JSON.stringify(user)} ${add.join(' ')}`, () => {
    assert.deepEqual(resolveUser(user, add, read), want);
  });
}

test('digits are an id, also where a name is made of them (CVE-2026-46680, CVE-2026-30892)', () => {
  assert.equal(resolveUser('1001', [], read).uid, 1001);
  assert.equal(resolveUser('0:1002', [], read).gid, 1002);
  assert.equal(resolveUser('1', [], none).uid, 1);
});

for (const user of [
  '2147483648',
  '4294967295',
  '4294967296',
  '18446744073709551616',
  '-1',
  '+0',
  '0:4294967296',
]) {
  test(`user ${user} does not wrap around to root (CVE-2024-40635)`, () => {
    assert.throws(() => resolveUser(user, [], read), {
      kind: 'invalid',
      message: /: uids and gids must be in range 0-2147483647$/,
    });
  });
}

const unknown: readonly [string, string[], string][] = [
  ['nobody', [], 'unable to find user nobody: no matching entries in passwd file'],
  ['huge', [], 'unable to find user huge: no matching entries in passwd file'],
  ['root:nogroup', [], 'unable to find group nogroup: no matching entries in group file'],
  ['root', ['nogroup'], 'unable to find group nogroup: no matching entries in group file'],
];
for (const [user, add, message] of unknown) {
  test(`refused: ${message}`, () => {
    assert.throws(() => resolveUser(user, add, read), { kind: 'invalid', message });
  });
}

test('a container without passwd and group runs as root or by number', () => {
  assert.deepEqual(resolveUser('', [], none), { uid: 0, gid: 0, groups: [0], home: '/' });
  assert.throws(() => resolveUser('root', [], none), /no matching entries in passwd file/);
});

test('asking for a group leaves out the others that list the user (CVE-2022-36109, CVE-2023-25173)', () => {
  assert.deepEqual(resolveUser('app:app', [], read).groups, [1000]);
});
