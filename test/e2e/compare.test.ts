/**
 * What a container sees of itself, under Gantry and under Debian's dockerd 20.10, field by field. Where Docker has
 * changed its mind since 20.10, the row says so and gives today's value.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { exec, startGantryd, type TestDaemon } from '../support/daemon.ts';
import { busyboxTar } from '../support/images.ts';
import { noDockerd, type ReferenceDaemon, startDockerd } from '../support/reference-daemon.ts';

const skip = noDockerd() ?? false;
let ours: TestDaemon;
let theirs: ReferenceDaemon;

before(async () => {
  if (skip) return;
  [ours, theirs] = await Promise.all([startGantryd(), startDockerd()]);
  const rootfs = readFileSync(busyboxTar());
  for (const { host } of [ours, theirs]) {
    const { status, stderr } = await exec('docker', ['-H', host, 'import', '-', 'box'], { input: rootfs });
    assert.equal(status, 0, stderr);
  }
});
after(async () => {
  await ours?.[Symbol.asyncDispose]();
  await theirs?.stop();
});

/** Digits that differ from run to run. */
function normalise(text: string): string {
  return text
    .replace(/[0-9a-f]{64}/g, 'ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'ID12')
    .replace(/(lowerdir|upperdir|workdir)=[^, ]*/g, '$1=…')
    .replace(/\/(docker|gantry-test-[\w-]+)\/ID/g, '/ID');
}

const status = (...fields: string[]): string => `grep -E '^(${fields.join('|')}):' /proc/self/status`;
const rows: { name: string; args?: string[]; sh: string; since?: (theirs: string) => string }[] = [
  { name: 'capabilities', sh: status('CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'CapInh') },
  { name: 'seccomp and no_new_privs', sh: status('Seccomp', 'Seccomp_filters', 'NoNewPrivs') },
  { name: 'ids and groups', sh: `${status('Uid', 'Gid', 'Groups')}; id` },
  {
    name: 'ids of a named user',
    args: ['-u', 'alice'],
    sh: `${status('Uid', 'Gid', 'Groups')}; id; echo $HOME`,
  },
  {
    name: 'capabilities of a named user',
    args: ['-u', 'alice'],
    sh: status('CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'CapInh'),
  },
  { name: 'ids of a number', args: ['-u', '4242:7'], sh: `${status('Uid', 'Gid', 'Groups')}; echo $HOME` },
  { name: 'added group', args: ['--group-add', 'audio', '--group-add', '777'], sh: 'id -G' },
  { name: 'environment', args: ['-e', 'A=b', '--hostname', 'h'], sh: 'env | sort | grep -v ^SHLVL' },
  { name: 'environment with a terminal type', args: ['-t', '--hostname', 'h'], sh: 'echo $TERM' },
  { name: 'working directory', args: ['-w', '/made/for/it'], sh: 'pwd; ls -ld /made/for/it | cut -c1-10' },
  { name: 'devices', sh: 'ls -l /dev | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /" | sort' },
  { name: 'mount points', sh: 'cut -d" " -f2,3 /proc/mounts | sort' },
  { name: 'mount options', sh: 'cut -d" " -f2,4 /proc/mounts | grep -v ^/etc | sort' },
  { name: 'shm size', sh: 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2' },
  { name: 'limits', sh: 'cat /proc/self/limits' },
  { name: 'oom score', sh: 'cat /proc/self/oom_score_adj' },
  { name: 'root directory', sh: 'ls -la / | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /;s/ *[0-9]* root/ root/"' },
  { name: 'network', sh: 'ip addr; ip route' },
  { name: 'hosts file', args: ['--hostname', 'h'], sh: 'cat /etc/hosts' },
  { name: 'host name file', args: ['--hostname', 'h'], sh: 'cat /etc/hostname; hostname' },
  { name: 'processes', sh: 'ps -o pid,ppid,comm' },
  { name: 'memory limit', args: ['-m', '64m'], sh: 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes' },
  {
    name: 'cpu quota',
    args: ['--cpus', '0.5'],
    sh: 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us',
  },
  { name: 'pids limit', args: ['--pids-limit', '77'], sh: 'cat /sys/fs/cgroup/pids/pids.max' },
  { name: 'ulimits', args: ['--ulimit', 'nofile=100:200'], sh: 'ulimit -n; ulimit -Hn' },
  {
    name: 'capabilities added and dropped',
    args: ['--cap-add', 'NET_ADMIN', '--cap-drop', 'CHOWN'],
    sh: status('CapEff', 'CapBnd'),
  },
  { name: 'capabilities all dropped', args: ['--cap-drop', 'ALL'], sh: status('CapEff', 'CapBnd') },
  { name: 'no new privileges', args: ['--security-opt', 'no-new-privileges'], sh: status('NoNewPrivs') },
  { name: 'seccomp off', args: ['--security-opt', 'seccomp=unconfined'], sh: status('Seccomp') },
  {
    name: 'read-only root',
    args: ['--read-only'],
    sh: 'touch /x; grep " / " /proc/mounts | cut -d" " -f4 | cut -d, -f1',
  },
  { name: 'tmpfs', args: ['--tmpfs', '/t:size=4m'], sh: 'grep " /t " /proc/mounts' },
  { name: 'bind', args: ['-v', '/usr/share/doc:/d:ro'], sh: 'grep " /d " /proc/mounts | cut -d" " -f2,3,4' },
  { name: 'sysctl', args: ['--sysctl', 'kernel.msgmax=4096'], sh: 'cat /proc/sys/kernel/msgmax' },
  { name: 'device', args: ['--device', '/dev/fuse'], sh: 'ls -l /dev/fuse | cut -c1-10' },
  {
    name: 'what must not work',
    sh: 'mount -t tmpfs x /tmp; mknod /tmp/d b 8 0 && cat /tmp/d; unshare -m true; echo x > /proc/sys/kernel/hostname; cat /proc/kcore | head -c1; chroot / true && echo chroot works',
  },
  { name: 'exit code', sh: 'exit 42' },
];

for (const row of rows) {
  test(`as under dockerd: ${row.name}`, { skip }, async () => {
    const run = async (host: string) =>
      exec('docker', [
        '-H',
        host,
        'run',
        '--rm',
        '--net=none',
        ...(row.args ?? []),
        'box',
        'sh',
        '-c',
        row.sh,
      ]);
    const [mine, reference] = await Promise.all([run(ours.host), run(theirs.host)]);
    assert.equal(normalise(mine.stdout + mine.stderr), normalise(reference.stdout + reference.stderr));
    assert.equal(mine.status, reference.status);
  });
}
