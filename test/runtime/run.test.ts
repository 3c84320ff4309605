import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { LaunchFailure } from '../../src/runtime/launch-failure.ts';
import { Lab, nothingLeft } from './lab.ts';
import type { Changes } from './settings.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

const exits: readonly { script: string; code: number; signal: number }[] = [
  { script: 'true', code: 0, signal: 0 },
  { script: 'exit 42', code: 42, signal: 0 },
  { script: "sh -c 'kill -9 $$'; exit $?", code: 137, signal: 0 },
];
for (const { script, code, signal } of exits) {
  test(`a container that runs "${script}" exits with ${code}`, async () => {
    const { exit } = await lab.run(['sh', '-c', script]);
    assert.deepEqual([exit.exitCode, exit.signal], [code, signal]);
  });
}

test('what a container prints is logged by stream', async () => {
  const container = lab.container(['sh', '-c', 'echo out; echo err >&2']);
  const { log } = container;
  await lab.launch(container);
  await lab.ended(container);
  const lines = readFileSync(log?.path ?? '', 'utf8')
    .trim()
    .split('\n');
  const entries = lines.map((line): string => {
    const { stream, log: text } = JSON.parse(line);
    return `${stream} ${text}`;
  });
  assert.deepEqual(entries.sort(), ['stderr err\n', 'stdout out\n']);
});

const looks: readonly { name: string; script: string; changes?: Changes; want: string }[] = [
  { name: 'it has its own host name', script: 'hostname', want: 'box' },
  {
    name: 'it has its own domain name',
    script: 'cat /proc/sys/kernel/domainname',
    changes: { domainname: 'example.test' },
    want: 'example.test',
  },
  { name: 'it is the first process of its namespace', script: 'echo $$', want: '1' },
  { name: 'it runs as root', script: 'id', want: 'uid=0(root) gid=0(root) groups=0(root)' },
  {
    name: "its environment is Docker's",
    script: 'env | grep -Ev "^(PWD|SHLVL)=" | sort',
    changes: { process: { env: ['A=1', 'HOSTNAME'] } },
    want: 'A=1\nHOME=/root\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  },
  { name: 'its umask is 022', script: 'umask', want: '0022' },
  {
    name: 'a missing working directory is made',
    script: 'pwd; stat -c %u:%a .',
    changes: { process: { cwd: '/a/b' } },
    want: '/a/b\n0:755',
  },
  {
    name: "it has Docker's devices",
    script:
      'cd /dev; stat -c "%n %A %t,%T" full null random tty urandom zero; for f in core fd ptmx stdin stdout stderr; do readlink $f; done',
    want: [
      'full crw-rw-rw- 1,7',
      'null crw-rw-rw- 1,3',
      'random crw-rw-rw- 1,8',
      'tty crw-rw-rw- 5,0',
      'urandom crw-rw-rw- 1,9',
      'zero crw-rw-rw- 1,5',
      '/proc/kcore',
      '/proc/self/fd',
      'pts/ptmx',
      '/proc/self/fd/0',
      '/proc/self/fd/1',
      '/proc/self/fd/2',
    ].join('\n'),
  },
  {
    name: 'no descriptor of the host is open in it',
    script: 'for f in 0 1 2 3 4 5 6 7 8 9 10 11 12; do [ -e /proc/1/fd/$f ] && echo $f; done',
    want: '0\n1\n2',
  },
  {
    name: 'a root can be read-only',
    script: 'touch /x',
    changes: { readonlyRootfs: true },
    want: 'touch: /x: Read-only file system',
  },
  {
    name: 'its loopback is up',
    script: 'ip -o link | grep -o "<LOOPBACK.*UP.*>" | head -1',
    want: '<LOOPBACK,UP,LOWER_UP>',
  },
  {
    name: 'it may use ports below 1024 and ping as any user',
    script: 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range',
    want: '0\n0\t2147483647',
  },
  {
    name: 'sysctls are its own',
    script: 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax',
    changes: { sysctls: { 'net.ipv4.ip_forward': '1', 'kernel.msgmax': '4096' } },
    want: '1\n4096',
  },
  {
    name: 'its score for the OOM killer can be raised',
    script: 'cat /proc/self/oom_score_adj',
    changes: { process: { oomScoreAdj: 321 } },
    want: '321',
  },
];
for (const { name, script, changes = {}, want } of looks) {
  test(name, async () => assert.equal((await lab.sh(script, changes)).trimEnd(), want));
}

test("a user's groups, home and capabilities are those of the container's own files", async () => {
  const output = await lab.sh(
    'id; echo $HOME; grep ^Cap /proc/self/status; touch /etc/x',
    {},
    { user: 'app', groupAdd: ['video', '77'] },
  );
  assert.equal(
    output,
    [
      'uid=1000(app) gid=1000(app) groups=29(audio),44(video),77,1000(app)',
      '/home/app',
      'CapInh:\t0000000000000000',
      'CapPrm:\t0000000000000000',
      'CapEff:\t0000000000000000',
      'CapBnd:\t00000000a80425fb',
      'CapAmb:\t0000000000000000',
      'touch: /etc/x: Permission denied',
      '',
    ].join('\n'),
  );
});

test('a user may write to its standard output by name', async () => {
  assert.equal(await lab.sh('echo hello > /dev/stdout', {}, { user: '1234' }), 'hello\n');
});

test("a terminal is a container's own", async () => {
  const { output } = await lab.run(['sh', '-c', 'tty; stty size; ls -l /dev/console | cut -c1; echo $TERM'], {
    process: { tty: true, consoleSize: { height: 33, width: 101 } },
  });
  assert.equal(output, '/dev/pts/0\r\n33 101\r\nc\r\nxterm\r\n');
});

test('mounts of all kinds', async () => {
  const source = join(lab.dir, 'source');
  mkdirSync(join(source, 'sub'), { recursive: true });
  writeFileSync(join(source, 'file'), 'from the host\n');
  const output = await lab.sh(
    'cat /data/deep/file /etc/one; echo x > /ro/file; echo y > /data/deep/new && cat /ro/new; grep -E " (/ro|/run|/dev/shm) " /proc/self/mounts | cut -d" " -f2-4',
    {
      shmSize: 1 << 20,
      mounts: [
        { kind: 'bind', source, target: '/data/deep', readonly: false },
        { kind: 'bind', source, target: '/ro', readonly: true },
        { kind: 'bind', source: join(source, 'file'), target: '/etc/one', readonly: false },
        { kind: 'tmpfs', target: '/run', options: ['size=8k', 'exec'] },
      ],
    },
  );
  assert.equal(
    output,
    [
      'from the host',
      'from the host',
      "/bin/sh: can't create /ro/file: Read-only file system",
      'y',
      '/dev/shm tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k',
      '/ro ext4 ro,relatime,discard,resv_strict,resuid=65534,resgid=65534',
      '/run tmpfs rw,nosuid,nodev,relatime,size=8k',
      '',
    ]
      .join('\n')
      .replace(/ext4 ro.*/, output.match(/\/ro (\w+ ro.*)/)?.[1] ?? 'missing'),
  );
});

test('an init program is put before the command', async () => {
  const { output } = await lab.run(['echo', 'from', 'below'], {
    process: { initPath: join(lab.base, 'bin/busybox') },
    // busybox stands in for an init: as `docker-init` it is an unknown applet, and says so.
  });
  assert.match(output, /docker-init: applet not found/);
});

test("namespaces can be another container's", async () => {
  const first = lab.container(['sleep', '60'], { hostname: 'first' });
  const { pid } = await lab.launch(first);
  const path = (type: string) => ({ kind: 'path', path: `/proc/${pid}/ns/${type}` }) as const;
  const shmPath = join(lab.dir, 'shm');
  mkdirSync(shmPath);
  const output = await lab.sh(
    'cat /proc/1/cmdline | tr "\\0" " "; for t in net ipc; do readlink /proc/self/ns/$t; readlink /proc/1/ns/$t; done',
    {
      namespaces: { network: path('net'), pid: path('pid'), ipc: { ...path('ipc'), shmPath } },
    },
  );
  const [command, net1, net2, ipc1, ipc2] = output.trim().split(/(?<=60) |\n/);
  assert.deepEqual([command, net1, ipc1], ['sleep 60', net2, ipc2]);
});

const failures: readonly {
  name: string;
  args: string[];
  changes?: Changes;
  exitCode: number;
  message: RegExp;
}[] = [
  {
    name: 'a command that PATH does not have',
    args: ['nosuch'],
    exitCode: 127,
    message:
      /^failed to create task for container: .*: exec: "nosuch": executable file not found in \$PATH: unknown$/,
  },
  {
    name: 'a command that does not exist',
    args: ['/no/such'],
    exitCode: 127,
    message: /: exec: "\/no\/such": stat \/no\/such: no such file or directory: unknown$/,
  },
  {
    name: 'a file that is no program',
    args: ['/etc/passwd'],
    exitCode: 126,
    message: /: exec: "\/etc\/passwd": permission denied: unknown$/,
  },
  {
    name: 'a directory',
    args: ['/etc'],
    exitCode: 126,
    message: /: exec: "\/etc": permission denied: unknown$/,
  },
  {
    name: 'a working directory that is a file',
    args: ['true'],
    changes: { process: { cwd: '/etc/passwd' } },
    exitCode: 128,
    message: /chdir to cwd \("\/etc\/passwd"\) set in config.json failed: not a directory: unknown$/,
  },
  {
    name: 'a directory mounted onto a file',
    args: ['true'],
    changes: { mounts: [{ kind: 'bind', source: '/tmp', target: '/etc/passwd', readonly: false }] },
    exitCode: 127,
    message:
      /error mounting "\/tmp" to rootfs at "\/etc\/passwd": .*not a directory: Are you trying to mount a directory onto a file \(or vice-versa\)\? Check if the specified host path exists and is the expected type: unknown$/,
  },
];
for (const { name, args, changes = {}, exitCode, message } of failures) {
  test(`${name} ends with Docker's code ${exitCode}`, async () => {
    const container = lab.container(args, changes);
    await assert.rejects(lab.launch(container), (error) => {
      assert.ok(error instanceof LaunchFailure, String(error));
      assert.match(error.message, message);
      assert.equal(error.exitCode, exitCode);
      return true;
    });
    nothingLeft(container);
  });
}

test('an unknown user is found out before anything runs', async () => {
  const container = lab.container(['true'], {}, { user: 'nosuch' });
  await assert.rejects(lab.launch(container), {
    kind: 'invalid',
    message: 'unable to find user nosuch: no matching entries in passwd file',
  });
  nothingLeft(container);
});
