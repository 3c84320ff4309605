import assert from 'node:assert/strict';
import { chmodSync, chownSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readShimIdentity } from '../../src/kernel/shim-record.ts';
import { alive, bind, collect, Lab, MOUNTS, printed, sh, until } from './lab.ts';

test('namespaces of its own', async () => {
  await using lab = new Lab();
  const names = ['mnt', 'uts', 'ipc', 'net', 'pid', 'cgroup', 'user'];
  const links = await printed(
    lab,
    `for ns in ${names.join(' ')}; do readlink /proc/self/ns/$ns; done; echo $$`,
    [],
  );
  const own = names.map((name) => readlinkSync(`/proc/self/ns/${name}`));
  assert.deepEqual(
    links
      .split('\n')
      .slice(0, 7)
      .map((link, i) => link === own[i]),
    [false, false, false, false, false, false, true],
  );
  assert.equal(links.split('\n')[7], '1');
});

test('names, loopback and sysctls', async () => {
  await using lab = new Lab();
  const text = await printed(
    lab,
    'hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax; ifconfig lo | grep -o "UP LOOPBACK RUNNING"',
    [
      { op: 'hostname', name: 'box' },
      { op: 'domainname', name: 'example.org' },
      { op: 'loopback' },
      { op: 'sysctl', path: 'net/ipv4/ip_unprivileged_port_start', value: '80' },
      { op: 'sysctl', path: 'kernel/msgmax', value: '65000' },
    ],
  );
  assert.equal(text, 'box\nexample.org\n80\n65000\nUP LOOPBACK RUNNING\n');
  assert.equal(readFileSync('/proc/sys/kernel/msgmax', 'utf8'), '8192\n');
});

test('another container’s namespaces are joined, its pid namespace too', async () => {
  await using lab = new Lab();
  const first = await lab.run('trap "" TERM; echo up; sleep 100', {
    more: [{ op: 'hostname', name: 'first' }],
  });
  await until('up', () => first.log().stdout === 'up\n');
  const of = (name: string) => `/proc/${first.creation.pid}/ns/${name}`;
  const second = await lab.run(
    'hostname; readlink /proc/self/ns/net; ps -o args | grep -q "[s]leep 100" && echo seen; [ $$ -gt 1 ] && echo not init; exit 3',
    {
      namespaces: [
        { op: 'joinNamespace', type: 'pid', path: of('pid') },
        { op: 'joinNamespace', type: 'net', path: of('net') },
        { op: 'joinNamespace', type: 'ipc', path: of('ipc') },
        { op: 'joinNamespace', type: 'uts', path: of('uts') },
        { op: 'newNamespaces', types: ['mount', 'cgroup'] },
      ],
    },
  );
  assert.equal(readShimIdentity(second.runDir)?.init.pid, second.creation.pid);
  const { code, stdout } = await second.finish();
  assert.deepEqual(stdout.split('\n'), ['first', readlinkSync(of('net')), 'seen', 'not init', '']);
  assert.equal(code, 3);
  assert.ok(alive(first.creation.pid));
});

test('a namespace path of the wrong kind is refused', async () => {
  await using lab = new Lab();
  for (const [type, path] of [
    ['net', '/proc/self/ns/uts'],
    ['pid', '/proc/self/ns/uts'],
    ['net', '/etc/passwd'],
  ] as const) {
    await assert.rejects(
      lab.create({
        namespaces: [
          { op: 'joinNamespace', type, path },
          { op: 'newNamespaces', types: ['mount'] },
        ],
      }),
      { op: 'JOIN_NAMESPACE', index: 0, code: 'EINVAL' },
    );
  }
});

test('a user namespace: root inside is nobody outside, execs included', async () => {
  await using lab = new Lab();
  const map = [{ container: 0, host: 200000, size: 65536 }];
  chmodSync(lab.dir, 0o711);
  for (const path of ['root', 'tmp', 'etc']) chownSync(join(lab.base, path), 200000, 200000);
  const container = await lab.run(
    [
      { op: 'oomScoreAdj', value: 200 },
      sh(
        'id -u; cat /proc/self/uid_map; touch /tmp/mine; stat -c %u /tmp/mine; cat /proc/self/oom_score_adj; cat /etc/secret; sleep 100',
      ),
    ],
    {
      owner: 200000,
      namespaces: [
        { op: 'userNamespace', uidMap: map, gidMap: map },
        { op: 'newNamespaces', types: ['mount', 'uts', 'ipc', 'net', 'pid', 'cgroup'] },
      ],
      mounts: MOUNTS,
      more: ['null', 'zero'].map((name) => bind(`/dev/${name}`, `/dev/${name}`)),
    },
  );
  await until('it has printed', () => container.log().stderr.includes('secret'));
  assert.equal(container.log().stdout.replaceAll(/ +/g, ' '), '0\n 0 200000 65536\n0\n200\n');
  assert.match(container.log().stderr, /secret': Permission denied/);
  assert.equal(statSync(join(lab.dir, 'snapshots/1/fs/tmp/mine')).uid, 200000);
  const exec = await container.exec([
    { op: 'oomScoreAdj', value: 300 },
    sh('id -u; cat /proc/self/uid_map /proc/self/oom_score_adj; touch /tmp/too'),
  ]);
  assert.equal((await collect(exec.output)).stdout.replaceAll(/ +/g, ' '), '0\n 0 200000 65536\n300\n');
  assert.match(readFileSync(`/proc/${container.creation.pid}/status`, 'utf8'), /^Uid:\t200000\t/m);
});
