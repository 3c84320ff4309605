import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { isEngineError } from '../../src/base/errors.ts';
import { closeFd, type Fd, own } from '../../src/kernel/fd.ts';
import {
  inNetworkNamespace,
  namespaceId,
  newNetworkNamespace,
  openNamespace,
} from '../../src/kernel/namespaces.ts';
import {
  NETLINK_ROUTE,
  type NetlinkSocket,
  NLM_F_CREATE,
  NLM_F_EXCL,
  openNetlink,
} from '../../src/kernel/netlink.ts';
import { encodeAttributes, nested, text } from '../../src/kernel/netlink-codec.ts';
import {
  addLink,
  deleteLink,
  findLink,
  listAddresses,
  listLinks,
  listRoutes,
  setLinkUp,
} from '../../src/kernel/rtnetlink.ts';
import { isErrno } from '../../src/kernel/syscall.ts';

const home = readlinkSync('/proc/thread-self/ns/net');
let namespace: Fd;
let socket: NetlinkSocket;

before(() => {
  namespace = newNetworkNamespace();
  socket = openNetlink(NETLINK_ROUTE, namespace);
});

after(() => {
  socket[Symbol.dispose]();
  closeFd(namespace);
});

test('the thread is home again after making a namespace, and after failing in one', () => {
  assert.equal(readlinkSync('/proc/thread-self/ns/net'), home);
  assert.throws(() =>
    inNetworkNamespace(namespace, () => {
      assert.notEqual(readlinkSync('/proc/thread-self/ns/net'), home);
      throw new Error('on purpose');
    }),
  );
  assert.equal(readlinkSync('/proc/thread-self/ns/net'), home);
  using mine = own(openNamespace('/proc/self/ns/net'));
  using again = own(openNamespace('/proc/self/ns/net'));
  assert.notEqual(namespaceId(namespace), namespaceId(mine.fd));
  assert.equal(namespaceId(again.fd), namespaceId(mine.fd));
});

test('lo is all there is, and comes up with its addresses and routes', () => {
  const [lo, ...others] = listLinks(socket);
  assert.deepEqual(others, []);
  assert.ok(lo);
  assert.deepEqual([lo.name, lo.index, lo.up, lo.mtu, lo.kind], ['lo', 1, false, 65536, '']);
  assert.deepEqual(listAddresses(socket), []);
  setLinkUp(socket, 'lo');
  assert.equal(findLink(socket, 'lo')?.up, true);
  const address = listAddresses(socket).find(({ address }) => address.length === 4);
  assert.deepEqual(address && [...address.address, address.length, address.link], [127, 0, 0, 1, 8, 1]);
  const local = listRoutes(socket).find(({ destination }) => destination.length === 8);
  assert.deepEqual(local && [[...local.destination.address], local.link, local.table], [
    [127, 0, 0, 0],
    1,
    255,
  ]);
});

test('links are made and deleted', async () => {
  addLink(socket, { kind: 'bridge', name: 'br0' });
  addLink(socket, { kind: 'bridge', name: 'a-name-of-15-by' });
  using other = own(newNetworkNamespace());
  addLink(socket, { kind: 'veth', name: 'veth0', peer: { name: 'eth0', namespace: other.fd } });
  assert.deepEqual(
    listLinks(socket).map(({ name, kind }) => [name, kind]),
    [
      ['lo', ''],
      ['br0', 'bridge'],
      ['a-name-of-15-by', 'bridge'],
      ['veth0', 'veth'],
    ],
  );
  using there = openNetlink(NETLINK_ROUTE, other.fd);
  const peer = findLink(there, 'eth0');
  assert.deepEqual([peer?.kind, peer?.address.length], ['veth', 6]);
  assert.equal(await deleteLink(socket, 'veth0'), true);
  assert.equal(findLink(there, 'eth0'), undefined);
  assert.equal(await deleteLink(socket, 'veth0'), false);
  assert.equal(await deleteLink(socket, 'br0'), true);
});

test("failures carry the kernel's words", async () => {
  addLink(socket, { kind: 'bridge', name: 'twice' });
  assert.throws(
    () => addLink(socket, { kind: 'bridge', name: 'twice' }),
    (error: unknown) => {
      assert.ok(isErrno(error, 'EEXIST'));
      assert.match(error.message, /^netlink newlink twice: EEXIST: File exists/);
      return true;
    },
  );
  assert.throws(() => setLinkUp(socket, 'missing'), /setlink missing: ENODEV/);
  const payload = Buffer.concat([
    Buffer.alloc(16),
    encodeAttributes([nested(18, [text(1, 'no-such-kind')])]),
  ]);
  assert.throws(
    () => socket.execute({ what: 'newlink x', type: 16, flags: NLM_F_CREATE | NLM_F_EXCL, payload }),
    /^SyscallError: netlink newlink x: EOPNOTSUPP: Operation not supported: Unknown device type$/,
  );
  assert.equal(await deleteLink(socket, 'twice'), true);
});

test('a name that the kernel would cut off is refused', () => {
  for (const name of ['', '.', 'a b', 'a/b', 'sixteen-bytes-xx', 'é'.repeat(8)]) {
    assert.throws(
      () => addLink(socket, { kind: 'bridge', name }),
      (error) => isEngineError(error, 'invalid'),
      name,
    );
  }
});

test('a large table is listed whole', () => {
  using crowded = own(newNetworkNamespace());
  using talk = openNetlink(NETLINK_ROUTE, crowded.fd);
  for (let i = 0; i < 200; i++) addLink(talk, { kind: 'bridge', name: `d${i}` });
  assert.equal(listLinks(talk).length, 201);
});

test("the host's own links are as ip(8) shows them", () => {
  using here = openNetlink(NETLINK_ROUTE);
  const names = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }).match(/(?<=^\d+: )[^:@]+/gm);
  assert.deepEqual(
    listLinks(here).map((link) => link.name),
    names,
  );
});
