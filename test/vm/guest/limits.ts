/** cgroup v2 and AppArmor as a container meets them. */
import { readFileSync } from 'node:fs';
import { check, docker, equal, importBusybox, match, ok, startDaemon } from './support.ts';

const box = (args: string[], sh: string): string[] => [
  'run',
  '--rm',
  '--net=none',
  ...args,
  'box',
  'sh',
  '-c',
  sh,
];

await startDaemon();
await importBusybox();

await check('cgroup version is 2', async () => equal(await ok('info', '-f', '{{.CgroupVersion}}'), '2'));
await check('private cgroup namespace', async () =>
  equal(await ok(...box([], 'cat /proc/self/cgroup')), '0::/'),
);
await check('memory limit', async () =>
  equal(await ok(...box(['-m', '32m'], 'cat /sys/fs/cgroup/memory.max')), String(32 << 20)),
);
await check('swap limit', async () =>
  equal(
    await ok(...box(['-m', '32m', '--memory-swap', '48m'], 'cat /sys/fs/cgroup/memory.swap.max')),
    String(16 << 20),
  ),
);
await check('memory reservation', async () =>
  equal(await ok(...box(['--memory-reservation', '16m'], 'cat /sys/fs/cgroup/memory.low')), String(16 << 20)),
);
await check('pids limit', async () =>
  equal(await ok(...box(['--pids-limit', '50'], 'cat /sys/fs/cgroup/pids.max')), '50'),
);
await check('pids limit holds', async () => {
  const { status, stderr } = await docker(
    ...box(['--pids-limit', '5'], 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done'),
  );
  if (status === 0) throw new Error('forked past the limit');
  match(stderr, /Resource temporarily unavailable|can't fork/);
});
await check('cpu quota', async () =>
  equal(await ok(...box(['--cpus', '0.5'], 'cat /sys/fs/cgroup/cpu.max')), '50000 100000'),
);
await check('cpu shares become a weight', async () =>
  match(await ok(...box(['-c', '512'], 'cat /sys/fs/cgroup/cpu.weight')), /^(20|59)$/),
);
await check('cpuset', async () =>
  equal(await ok(...box(['--cpuset-cpus', '1'], 'cat /sys/fs/cgroup/cpuset.cpus.effective')), '1'),
);
await check('io throttle', async () =>
  match(await ok(...box(['--device-read-bps', '/dev/vdb:1mb'], 'cat /sys/fs/cgroup/io.max')), /rbps=1048576/),
);
await check('the cgroup tree is read-only inside', async () => {
  const { status } = await docker(...box([], 'echo 1 > /sys/fs/cgroup/pids.max'));
  equal(status === 0, false);
});
await check('out of memory is reported', async () => {
  const { status } = await docker(
    'run',
    '--name',
    'oom',
    '--net=none',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    'box',
    'sh',
    '-c',
    'tail /dev/zero',
  );
  equal(status, 137);
  equal(await ok('inspect', '-f', '{{.State.OOMKilled}}', 'oom'), 'true');
  await ok('rm', 'oom');
});
await check('a device that was not given is denied', async () => {
  const { status, stderr } = await docker(...box([], 'mknod /tmp/d b 254 16 && head -c1 /tmp/d'));
  equal(status === 0, false);
  match(stderr, /Operation not permitted/);
});
await check('a device that was given is allowed', async () =>
  equal(await ok(...box(['--device', '/dev/vdb:/dev/x:r'], 'head -c1 /dev/x | wc -c')), '1'),
);
await check('given for reading only', async () => {
  const { status, stderr } = await docker(...box(['--device', '/dev/vdb:/dev/x:r'], 'echo > /dev/x'));
  equal(status === 0, false);
  match(stderr, /Operation not permitted/);
});
await check('pause and unpause', async () => {
  const id = await ok('run', '-d', '--net=none', 'box', 'sh', '-c', 'while :; do echo x; sleep 0.05; done');
  await ok('pause', id);
  const before = await ok('logs', id);
  await new Promise((resolve) => setTimeout(resolve, 500));
  equal(await ok('logs', id), before);
  await ok('unpause', id);
  await new Promise((resolve) => setTimeout(resolve, 500));
  equal((await ok('logs', id)).length > before.length, true);
  await ok('rm', '-f', id);
});
await check('rm -f of a paused container', async () => {
  const id = await ok('run', '-d', '--net=none', 'box', 'sleep', '100');
  await ok('pause', id);
  await ok('rm', '-f', id);
});
await check('the default AppArmor profile confines', async () =>
  equal(await ok(...box([], 'cat /proc/self/attr/apparmor/current')), 'docker-default (enforce)'),
);
await check('AppArmor refuses what the profile refuses', async () => {
  const { status } = await docker(
    ...box(['--cap-add', 'SYS_ADMIN', '--security-opt', 'seccomp=unconfined'], 'mount -t tmpfs x /tmp'),
  );
  equal(status === 0, false);
});
await check('AppArmor can be switched off', async () =>
  equal(
    await ok(...box(['--security-opt', 'apparmor=unconfined'], 'cat /proc/self/attr/apparmor/current')),
    'unconfined',
  ),
);
await check('nothing is left of the containers', async () => {
  equal(await ok('ps', '-aq'), '');
  equal(readFileSync('/proc/mounts', 'utf8').includes('overlay'), false);
});
