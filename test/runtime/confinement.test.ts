import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { promisify } from 'node:util';
import { writeBundle } from '../../src/runtime/bundle.ts';
import { hostLookups } from '../../src/runtime/look-up-host.ts';
import { settleUser } from '../../src/runtime/settle-user.ts';
import { Lab } from './lab.ts';
import type { Changes } from './settings.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());
const skip = existsSync('/usr/sbin/runc') || existsSync('/usr/bin/runc') ? false : 'runc is not installed';

// Left out: /dev/core, which runc makes only where the host has a /proc/kcore, and the mounts that mask, which are
// stricter than runc's (read-only, and the host's null device instead of the container's).
const LOOK = [
  'grep -E "^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)" /proc/self/status | grep -v Seccomp_filters',
  'cut -d" " -f 2-4 /proc/self/mounts | grep -vE "^/(|proc/(acpi|interrupts|keys|timer_list)|sys/firmware|sys/fs/cgroup) " | sed "s/,\\(inode64\\|relatime\\)//g" | sort',
  'stat -c "%n %A %u:%g %t,%T" /dev/* | grep -v "^/dev/core " | sort',
  'cat /proc/self/oom_score_adj; ulimit -n; ulimit -Hn; umask; hostname',
  'cat /proc/self/cgroup | cut -d: -f2 | sort; ls -1 /proc /sys/fs/cgroup | grep -vE "^[0-9]+$"',
  'for f in /proc/keys /proc/timer_list; do head -c1 $f | wc -c; done',
  'ls /sys/firmware | wc -l; true',
].join('; ');

/** Runs the same bundle under runc and returns what the container printed. */
async function underRunc(changes: Changes): Promise<string> {
  const { bundle, id, spec } = lab.container(['/bin/sh', '-c', `exec 2>&1; ${LOOK}`], changes);
  assert.ok(spec.process);
  const user = { uid: 0, gid: 0, groups: [0], home: '/root' };
  writeBundle(bundle, { ...spec, process: settleUser(spec.process, user) });
  cpSync(lab.base, join(bundle, 'rootfs'), { recursive: true, verbatimSymlinks: true });
  const root = join(lab.dir, 'runc');
  const name = `gantry-${process.pid}-${id.slice(-4)}`;
  const run = promisify(execFile);
  try {
    return (await run('runc', ['--root', root, 'run', '--bundle', bundle, name])).stdout;
  } finally {
    await run('runc', ['--root', root, 'delete', '--force', name]);
  }
}

const comparisons: readonly { name: string; changes: Changes }[] = [
  { name: 'by default', changes: {} },
  { name: 'privileged', changes: { security: { privileged: true } } },
  {
    name: 'with capabilities, limits and no new privileges',
    changes: {
      security: { capAdd: ['NET_ADMIN'], capDrop: ['MKNOD'], securityOpt: ['no-new-privileges'] },
      ulimits: [{ name: 'nofile', soft: 100, hard: 200 }],
      process: { oomScoreAdj: 100 },
      readonlyRootfs: true,
    },
  },
  {
    name: 'without seccomp and masks, in its own cgroup namespace',
    changes: {
      security: { securityOpt: ['seccomp=unconfined', 'systempaths=unconfined'] },
      namespaces: { cgroup: { kind: 'private' } },
    },
  },
];
for (const { name, changes } of comparisons) {
  test(`a container looks the same from inside as under runc, ${name}`, { skip }, async () => {
    const [ours, theirs] = [await lab.sh(LOOK, changes), await underRunc(changes)].map((each) =>
      each.split('\n'),
    );
    const differences = {
      ours: ours?.filter((line) => !theirs?.includes(line)),
      theirs: theirs?.filter((line) => !ours?.includes(line)),
    };
    assert.deepEqual(differences, { ours: [], theirs: [] });
    assert.deepEqual(ours, theirs);
  });
}

test('what Docker masks shows nothing', async () => {
  const output = await lab.sh(
    'for f in keys timer_list interrupts; do wc -c < /proc/$f; done; ls /proc/acpi /sys/firmware; touch /sys/firmware/x',
  );
  assert.equal(
    output,
    '0\n0\n0\n/proc/acpi:\n\n/sys/firmware:\ntouch: /sys/firmware/x: Read-only file system\n',
  );
});

test('what Docker keeps read-only cannot be written, even by root', async () => {
  const output = await lab.sh(
    'for f in /proc/sys/kernel/hostname /proc/irq/default_smp_affinity /sys/kernel/uevent_helper; do (echo x > $f); done',
  );
  const lines = output.trim().split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.match(line, /Read-only file system|nonexistent directory/);
});

const disk = hostLookups.allDevices().find(({ type }) => type === 'b') ?? assert.fail('no block device');
const READ = 'dd if=/tmp/d of=/dev/null bs=512 count=1 2>&1 | tail -1';
const make = (type: string, major: number, minor: number): string => `mknod /tmp/d ${type} ${major} ${minor}`;

test('a device that is not allowed cannot be opened, though its node can be made', async () => {
  const refused = /can't open '\/tmp\/d': Operation not permitted/;
  assert.match(await lab.sh(`${make('c', 1, 11)}; ${READ}`), refused);
  assert.match(await lab.sh(`${make('b', disk.major, disk.minor)}; ${READ}`), refused);
});

test('a device rule opens just what it names', async () => {
  const changes = { devices: { devices: [], cgroupRules: [`b ${disk.major}:${disk.minor} r`] } };
  const output = await lab.sh(`${make('b', disk.major, disk.minor)}; ${READ}; echo > /tmp/d`, changes);
  assert.doesNotMatch(output, /can't open/);
  assert.match(output, /can't create \/tmp\/d: Operation not permitted/);
});

test('a device of the host is made and may be used as far as it was lent', async () => {
  const mapping = { pathOnHost: disk.path, pathInContainer: '/tmp/d', cgroupPermissions: 'r' };
  const changes = { devices: { devices: [mapping], cgroupRules: [] } };
  const output = await lab.sh(`stat -c "%F" /tmp/d; ${READ}; echo > /tmp/d`, changes);
  assert.match(output, /^block special file\n/);
  assert.doesNotMatch(output, /can't open/);
  assert.match(output, /can't create \/tmp\/d: Operation not permitted/);
});

test('seccomp keeps out what the profile does not allow', async () => {
  assert.match(await lab.sh('unshare -U true'), /unshare.*Operation not permitted/);
  assert.match(await lab.sh('mount -t tmpfs x /tmp'), /Operation not permitted|permission denied/);
});

test("a profile of the user's takes the place of the default one", async () => {
  const profile = JSON.stringify({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 42 }],
  });
  const output = await lab.sh('mkdir /x; unshare -U true && echo unshared', {
    security: { securityOpt: [`seccomp=${profile}`] },
  });
  assert.equal(output, "mkdir: can't create directory '/x': No message of desired type\nunshared\n");
});

test('a set-user-id program makes root of a user, but not with no-new-privileges', async () => {
  const copy = join(lab.base, 'suid/su');
  mkdirSync(join(lab.base, 'suid'));
  copyFileSync('/bin/busybox', copy);
  chmodSync(copy, 0o4755);
  const suid = async (securityOpt: string[]): Promise<string> => {
    const changes = { security: { securityOpt } };
    return (await lab.run(['/suid/su', 'root', '-c', 'id -u'], changes, { user: 'app' })).output;
  };
  assert.match(await suid([]), /incorrect password/);
  assert.match(await suid(['no-new-privileges']), /must be suid/);
});

test('a privileged container has everything the daemon has', async () => {
  const changes: Changes = { security: { privileged: true } };
  const output = await lab.sh(
    `grep -E "^(CapEff|Seccomp):" /proc/self/status; mount -t tmpfs x /tmp && echo mounted; mkdir /sys/fs/cgroup/pids/x && rmdir /sys/fs/cgroup/pids/x && echo made; test -b ${disk.path} && echo disk`,
    changes,
  );
  const bounding = /^CapBnd:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0] ?? '';
  assert.equal(output, `${bounding.replace('Bnd', 'Eff')}\nSeccomp:\t0\nmounted\nmade\ndisk\n`);
});
