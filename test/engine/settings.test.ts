import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { ContainerConfigInput } from '../../src/containers/config.ts';
import type { HostConfigInput, MountRequest } from '../../src/containers/host-config.ts';
import { inspectContainer } from '../../src/engine/inspect.ts';
import { listContainers } from '../../src/engine/list.ts';
import { startContainer } from '../../src/engine/start.ts';
import { stopContainer } from '../../src/engine/stop.ts';
import { ctx, eventually, Lab, ready } from './lab.ts';

const MB = 1 << 20;

/** What a container sees of its settings. */
const rows: {
  name: string;
  config?: ContainerConfigInput;
  host?: HostConfigInput;
  script: string;
  want: string | RegExp;
}[] = [
  {
    name: 'hostname and domain',
    config: { hostname: 'web', domainname: 'example.org' },
    script: 'hostname; cat /etc/hostname; cat /proc/sys/kernel/domainname',
    want: 'web\nweb\nexample.org\n',
  },
  { name: 'the short ID as hostname', script: 'hostname', want: /^[0-9a-f]{12}\n$/ },
  {
    name: 'environment',
    config: { env: ['A=1', 'PATH=/bin:/x'] },
    script: 'echo $A $PATH $HOME $HOSTNAME',
    want: /^1 \/bin:\/x \/root [0-9a-f]{12}\n$/,
  },
  {
    name: 'user',
    config: { user: 'app' },
    host: { groupAdd: ['44'] },
    script: 'id -u; id -g; id -G; echo $HOME',
    want: '1000\n1000\n1000 44\n/home/app\n',
  },
  {
    name: 'working directory, made when missing',
    config: { workingDir: '/srv/new' },
    script: 'pwd',
    want: '/srv/new\n',
  },
  {
    name: 'no network',
    script: 'ls /sys/class/net; cat /etc/hosts | head -1',
    want: 'lo\n127.0.0.1\tlocalhost\n',
  },
  {
    name: 'the host’s network and name',
    host: { networkMode: 'host' },
    script: 'hostname; ls /sys/class/net | wc -l',
    want: new RegExp(`^${hostname()}\\n`),
  },
  {
    name: 'extra hosts',
    host: { extraHosts: ['db:10.1.2.3'] },
    script: 'grep db /etc/hosts',
    want: '10.1.2.3\tdb\n',
  },
  {
    name: 'resolver',
    host: { dns: ['192.0.2.1'], dnsSearch: ['a.test'], dnsOptions: ['ndots:3'] },
    script: 'cat /etc/resolv.conf',
    want: 'nameserver 192.0.2.1\nsearch a.test\noptions ndots:3\n',
  },
  {
    name: 'memory limit',
    host: { memory: 32 * MB },
    script: 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max',
    want: `${32 * MB}\n`,
  },
  {
    name: 'read-only root',
    host: { readonlyRootfs: true },
    script: 'touch /x; touch /etc/hosts',
    want: /\/x: Read-only file system\n.*\/etc\/hosts: Read-only file system/,
  },
  {
    name: 'tmpfs',
    host: { tmpfs: { '/scratch': 'size=1m,mode=700' } },
    script: 'grep /scratch /proc/mounts; stat -c %a /scratch',
    want: /^tmpfs \/scratch tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k,mode=700 0 0\n700\n$/,
  },
  {
    name: 'shm',
    host: { shmSize: 2 * MB },
    script: 'df /dev/shm | tail -1 | tr -s " " | cut -d" " -f2',
    want: '2048\n',
  },
  {
    name: 'capabilities',
    host: { capDrop: ['ALL'], capAdd: ['CHOWN'] },
    script: 'grep CapEff /proc/self/status',
    want: 'CapEff:\t0000000000000001\n',
  },
  {
    name: 'sysctl',
    host: { sysctls: { 'net.ipv4.ip_forward': '1' } },
    script: 'cat /proc/sys/net/ipv4/ip_forward',
    want: '1\n',
  },
  {
    name: 'ulimit',
    host: { ulimits: [{ name: 'nofile', soft: 100, hard: 200 }] },
    script: 'ulimit -Sn; ulimit -Hn',
    want: '100\n200\n',
  },
  { name: 'pid 1', script: 'echo $$', want: '1\n' },
  {
    name: 'the host’s processes',
    host: { pidMode: 'host' },
    script: '[ $$ -gt 1 ] && echo many',
    want: 'many\n',
  },
  { name: 'the host’s UTS', host: { utsMode: 'host' }, script: 'hostname', want: `${hostname()}\n` },
  {
    name: 'privileged',
    host: { privileged: true },
    script: 'test -e /dev/mem -o -e /dev/kmsg && mkdir /m && mount -t tmpfs t /m && echo may',
    want: 'may\n',
  },
  {
    name: 'no new privileges',
    host: { securityOpt: ['no-new-privileges'] },
    script: 'grep NoNewPrivs /proc/self/status',
    want: 'NoNewPrivs:\t1\n',
  },
  { name: 'seccomp is on', script: 'grep Seccomp: /proc/self/status', want: 'Seccomp:\t2\n' },
  {
    name: 'seccomp off',
    host: { securityOpt: ['seccomp=unconfined'] },
    script: 'grep Seccomp: /proc/self/status',
    want: 'Seccomp:\t0\n',
  },
  { name: 'oom score', host: { oomScoreAdj: 500 }, script: 'cat /proc/self/oom_score_adj', want: '500\n' },
  {
    name: 'a device',
    host: { devices: [{ pathOnHost: '/dev/null', pathInContainer: '/dev/nil', cgroupPermissions: '' }] },
    script: 'echo x > /dev/nil && test -c /dev/nil && echo device',
    want: 'device\n',
  },
];

test('what a container sees of its settings', async (t) => {
  await using lab = await Lab.open();
  for (const { name, config = {}, host = {}, script, want } of rows) {
    await t.test(name, async () => {
      const got = await lab.sh(script, config, host);
      if (typeof want === 'string') assert.equal(got, want);
      else assert.match(got, want);
    });
  }
});

const mount = (request: Partial<MountRequest>): MountRequest => ({
  type: 'bind',
  source: '',
  target: '/mnt',
  readOnly: false,
  consistency: '',
  ...request,
});

test('binds and mounts', async (t) => {
  await using lab = await Lab.open();
  const dir = join(lab.roots.dir, 'shared');
  mkdirSync(join(dir, 'sub'), { recursive: true });
  writeFileSync(join(dir, 'file'), 'from the host\n');

  await t.test('-v shows a directory and takes what is written', async () => {
    assert.equal(
      await lab.sh('cat /mnt/file; echo back > /mnt/new', {}, { binds: [`${dir}:/mnt`] }),
      'from the host\n',
    );
    assert.equal(readFileSync(join(dir, 'new'), 'utf8'), 'back\n');
  });
  await t.test('-v …:ro', async () => {
    assert.match(await lab.sh('touch /mnt/x', {}, { binds: [`${dir}:/mnt:ro`] }), /Read-only file system/);
  });
  await t.test('-v of one file', async () => {
    assert.equal(await lab.sh('cat /etc/motd', {}, { binds: [`${dir}/file:/etc/motd`] }), 'from the host\n');
  });
  await t.test('-v makes a missing source', async () => {
    assert.equal(await lab.sh('ls -d /mnt', {}, { binds: [`${dir}/made:/mnt`] }), '/mnt\n');
    assert.ok(existsSync(join(dir, 'made')));
  });
  await t.test('--mount type=bind,readonly', async () => {
    const host = { mounts: [mount({ source: dir, readOnly: true })] };
    assert.match(await lab.sh('cat /mnt/file; touch /mnt/x', {}, host), /^from the host\n.*Read-only/);
  });
  await t.test('--mount type=tmpfs', async () => {
    const tmpfsOptions = { sizeBytes: MB, mode: 0o750, options: [['noexec']] };
    const host = { mounts: [mount({ type: 'tmpfs', tmpfsOptions })] };
    assert.match(
      await lab.sh('grep /mnt /proc/mounts', {}, host),
      /^tmpfs \/mnt tmpfs rw,.*size=1024k,mode=750/,
    );
  });
  await t.test('a mount of the user’s replaces our file', async () => {
    assert.equal(
      await lab.sh('cat /etc/hosts', {}, { binds: [`${dir}/file:/etc/hosts`] }),
      'from the host\n',
    );
  });
  await t.test('a mount below a mount', async () => {
    const binds = [`${dir}/file:/mnt/sub/file`, `${dir}:/mnt`];
    writeFileSync(join(dir, 'sub/file'), '');
    assert.equal(await lab.sh('cat /mnt/sub/file', {}, { binds }), 'from the host\n');
  });
});

test('the places of an image’s volumes are there, in the writable layer', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sh', '-c', 'touch /data/x /var/lib/new/y && echo both'], { image: 'volumes' });
  await lab.wait(id);
  assert.equal(await lab.logs(id), 'both\n');
  const { storageData } = await inspectContainer(ctx, lab.engine, id, false);
  assert.ok(existsSync(join(storageData['UpperDir'] ?? '', 'var/lib/new/y')));
});

test('a container joins the network of another, with its names', async () => {
  await using lab = await Lab.open();
  const main = await lab.run(
    ['sleep', '1000'],
    { hostname: 'main' },
    { extraHosts: ['db:10.0.0.9'] },
    'main',
  );
  const script = 'readlink /proc/self/ns/net; hostname; grep db /etc/hosts';
  const side = await lab.sh(script, {}, { networkMode: 'container:main' });
  const own = await lab.sh('readlink /proc/self/ns/net');
  const [netns, name, hosts] = side.split('\n');
  assert.notEqual(netns, own.trim());
  assert.deepEqual([name, hosts], ['main', '10.0.0.9\tdb']);
  const late = await lab.create(['true'], {}, { networkMode: `container:${main}` });
  await stopContainer(ctx, lab.engine, main, { timeout: 0 });
  await assert.rejects(startContainer(ctx, lab.engine, late), {
    kind: 'conflict',
    message: `cannot join network of a non running container: ${main}`,
  });
});

test('processes of a container in the host’s pid namespace go with it', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(['sh', '-c', 'sleep 1000 & echo $!; sleep 1000'], {}, { pidMode: 'host' });
  await eventually(async () => (await lab.logs(id)) !== '', 'its pid');
  const pid = Number(await lab.logs(id));
  assert.ok(existsSync(`/proc/${pid}`));
  await stopContainer(ctx, lab.engine, id, { timeout: 0 });
  await eventually(() => !existsSync(`/proc/${pid}`), 'it is gone');
});

test('a container killed for its memory says so', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(
    ['sh', '-c', 'x=a; while :; do x=$x$x; done'],
    {},
    { memory: 16 * MB, memorySwap: 16 * MB },
  );
  assert.equal(await lab.wait(id), 137);
  const { state } = lab.record(id);
  assert.ok(state.status === 'exited' && state.oomKilled);
  assert.deepEqual(await lab.actions(id), ['create', 'start', 'oom', 'die']);
});

test('inspect and list show what there is', async () => {
  await using lab = await Lab.open();
  const id = await lab.run(
    ['sh', '-c', 'head -c 50000 /dev/zero > /big; echo ready; sleep 1000'],
    {},
    {},
    'web',
  );
  await ready(lab, id);
  await lab.create(['true'], {}, {}, 'second');
  const inspection = await inspectContainer(ctx, lab.engine, 'web', true);
  assert.equal(inspection.storageDriver, 'overlay2');
  assert.match(inspection.storageData['UpperDir'] ?? '', /\/snapshots\/\d+\/fs$/);
  assert.ok(existsSync(inspection.paths.hosts));
  assert.ok(existsSync(inspection.paths.log));
  assert.ok((inspection.sizes?.rw ?? 0) >= 50_000);
  assert.ok((inspection.sizes?.rootFs ?? 0) > 1_000_000);
  const list = (all: boolean, limit = 0) =>
    listContainers(ctx, lab.engine, { all, limit, size: false, filters: new Map() });
  assert.deepEqual(
    (await list(false)).map(({ record }) => record.name),
    ['web'],
  );
  assert.deepEqual(
    (await list(true)).map(({ record }) => record.name),
    ['second', 'web'],
  );
  assert.deepEqual(
    (await list(false, 1)).map(({ record }) => record.name),
    ['second'],
  );
  const [web] = await list(false);
  assert.equal(web?.image, 'busybox');
  assert.match(web?.status ?? '', /^Up (Less than a second|\d+ seconds?)$/);
  assert.equal(web?.record.id, id);
});
