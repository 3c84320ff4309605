/**
 * What a container sees of itself, under Gantry and under Debian's dockerd 20.10, field by field. Where the
 * two shall differ, mostly because Docker has changed its mind since 20.10, the row says why and gives the right value.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { exec, startGantryd, type TestDaemon } from '../support/daemon.ts';
import { busyboxTar } from '../support/images.ts';
import { noDockerd, type ReferenceDaemon, startDockerd } from '../support/reference-daemon.ts';

const skip = noDockerd() ?? false;
let ours: TestDaemon;
let theirs: ReferenceDaemon;

before(async () => {
  if (skip) return;
  ours = await startGantryd();
  theirs = await startDockerd();
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

/** What differs from run to run. */
function normalise(text: string): string {
  return text
    .replace(/[0-9a-f]{64}/g, 'ID')
    .replace(/\b[0-9a-f]{12}\b/g, 'ID12')
    .replace(/(lowerdir|upperdir|workdir)=[^, \n]*/g, '$1=…')
    .replace(/\/(docker|gantry-test-[\w-]+)\/ID/g, '/ID');
}

const status = (...fields: string[]): string => `grep -E '^(${fields.join('|')}):' /proc/self/status`;
interface Row {
  name: string;
  args?: string[];
  sh: string;
  /** Where we are not as dockerd 20.10: changes its output into what is right today; the reason stands beside each. */
  instead?: (theirs: string) => string;
}

/** Applies [pattern, replacement] pairs, each of which must find something. */
function replacing(...pairs: readonly (readonly [pattern: RegExp | string, to: string])[]) {
  return (text: string): string =>
    pairs.reduce((changed, [pattern, to]) => {
      const result = changed.replace(pattern, to);
      assert.notEqual(result, changed, `dockerd's output has no ${pattern}: the exception is out of date`);
      return result;
    }, text);
}

const sorted = (text: string): string => `${text.trimEnd().split('\n').sort().join('\n')}\n`;
const kcore = existsSync('/proc/kcore');

const rows: Row[] = [
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
  {
    name: 'devices',
    sh: 'ls /dev | sort; ls -l /dev | grep ^c | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /" | sort',
    // runc makes the link only where the host has /proc/kcore.
    ...(!kcore && { instead: replacing([/^/, 'core\n']) }),
  },
  {
    name: 'mount points',
    sh: 'cut -d" " -f2,3 /proc/mounts | sort',
    instead: (theirs) =>
      sorted(
        replacing(
          // CVE-2025-31133: files are masked with the host's /dev/null, never with the container's own.
          ['/proc/keys tmpfs', '/proc/keys devtmpfs'],
          ['/proc/timer_list tmpfs', '/proc/timer_list devtmpfs'],
          // Masked since Docker 28.
          [/$/, '/proc/interrupts devtmpfs\n'],
        )(theirs),
      ),
  },
  {
    name: 'mount options',
    sh: 'cut -d" " -f2,4 /proc/mounts | grep -vE "^/(etc|proc/(keys|timer_list|interrupts))" | sort | sed "s/,uuid=on//"',
    instead: replacing(
      // Masked directories: one shared superblock's worth of nothing, and not even devices or programs, as runc since 1.4.
      ['/proc/acpi ro,relatime', '/proc/acpi ro,nosuid,nodev,noexec,relatime,nr_inodes=1,mode=555'],
      ['/sys/firmware ro,relatime', '/sys/firmware ro,nosuid,nodev,noexec,relatime,nr_inodes=1,mode=555'],
      // The directory of the hierarchies is as read-only as they are.
      ['/sys/fs/cgroup rw,', '/sys/fs/cgroup ro,'],
    ),
  },
  {
    name: 'masked files',
    sh: 'for f in keys timer_list; do cat /proc/$f | wc -c; grep " /proc/$f " /proc/mounts | cut -d" " -f4 | grep -o "^r[ow]"; echo x > /proc/$f; done',
    // The host's /dev/null is bound read-only; on a device that means: no mode changes. Writing to it still does nothing.
    instead: (theirs) => theirs.replaceAll('rw\n', 'ro\n'),
  },
  { name: 'shm size', sh: 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2' },
  { name: 'limits', sh: 'cat /proc/self/limits' },
  { name: 'oom score', sh: 'cat /proc/self/oom_score_adj' },
  {
    name: 'root directory',
    sh: 'ls -la / | grep -v "dev$" | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /;s/ *[0-9]* root/ root/"',
    // Docker's own mark, left in the image's tree; it is not made here.
    instead: replacing([/^.* \.dockerenv\n/m, '']),
  },
  {
    name: 'network',
    sh: 'ip addr; ip route',
    // The loopback interface has IPv6 since Docker 26.
    instead: replacing([
      /$/,
      '    inet6 ::1/128 scope host \n       valid_lft forever preferred_lft forever\n',
    ]),
  },
  {
    name: 'hosts file',
    args: ['--hostname', 'h'],
    sh: 'cat /etc/hosts',
    // Addresses in their shortest form since Docker 26.
    instead: replacing(['fe00::0', 'fe00::'], ['ff00::0', 'ff00::']),
  },
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
    const theirText = normalise(reference.stdout + reference.stderr);
    assert.equal(normalise(mine.stdout + mine.stderr), row.instead?.(theirText) ?? theirText);
    assert.equal(mine.status, reference.status);
  });
}
