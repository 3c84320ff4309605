import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectShim } from '../../src/kernel/shim-client.ts';
import { execProcess, type ProcessToExec } from '../../src/runtime/exec.ts';
import type { ContainerToLaunch } from '../../src/runtime/launch.ts';
import { LaunchFailure } from '../../src/runtime/launch-failure.ts';
import { ctx, facts, Lab, logText } from './lab.ts';

const lab = new Lab();
let container: ContainerToLaunch;
let pid = 0;
let count = 0;

before(async () => {
  container = lab.container(
    ['sleep', '300'],
    {
      process: { env: ['A=1', 'B=2'], cwd: '/tmp', oomScoreAdj: 50 },
      ulimits: [{ name: 'nofile', soft: 99, hard: 99 }],
    },
    { user: 'app' },
  );
  ({ pid } = await lab.launch(container));
});
after(() => lab[Symbol.asyncDispose]());

function request(args: readonly string[], changes: Partial<ProcessToExec> = {}): ProcessToExec {
  return {
    id: `e${++count}`,
    containerId: container.id,
    bundle: container.bundle,
    runDir: container.runDir,
    pid,
    args,
    env: [],
    cwd: '',
    user: 'app',
    groupAdd: [],
    privileged: false,
    tty: false,
    stdin: false,
    output: true,
    ...changes,
  };
}

async function exec(
  args: readonly string[],
  changes: Partial<ProcessToExec> = {},
): Promise<{ output: string; code: number | undefined }> {
  const streams = await execProcess(ctx, facts, request(args, changes));
  let output = '';
  for await (const { data } of streams.output) output += data.toString();
  return { output, code: (await streams.exit)?.exitCode };
}

const sh = (script: string, changes: Partial<ProcessToExec> = {}) => exec(['sh', '-c', script], changes);

test('a process runs in the container beside its first', async () => {
  const { output, code } = await sh('hostname; pwd; id; cat /proc/1/cmdline | tr "\\0" " "; exit 3');
  assert.equal(output, 'box\n/tmp\nuid=1000(app) gid=1000(app) groups=29(audio),1000(app)\nsleep 300 ');
  assert.equal(code, 3);
});

test('it is confined as the container is', async () => {
  const look =
    'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; cat /proc/self/oom_score_adj; ulimit -n; umask';
  const { output } = await sh(look);
  assert.equal(
    output,
    [
      'CapInh:\t0000000000000000',
      'CapPrm:\t0000000000000000',
      'CapEff:\t0000000000000000',
      'CapBnd:\t00000000a80425fb',
      'CapAmb:\t0000000000000000',
      'NoNewPrivs:\t0',
      'Seccomp:\t2',
      '50',
      '99',
      '0022',
      '',
    ].join('\n'),
  );
});

test("it is in the container's cgroups and namespaces", async () => {
  const streams = await execProcess(ctx, facts, request(['sleep', '60']));
  const of = (each: number, file: string): string => readFileSync(`/proc/${each}/${file}`, 'utf8');
  assert.equal(of(streams.pid, 'cgroup'), of(pid, 'cgroup'));
  assert.equal(of(streams.pid, 'mountinfo'), of(pid, 'mountinfo'));
  await connectShim(container.runDir).signal(ctx, 9, `e${count}`);
  for await (const { data } of streams.output) assert.fail(data.toString());
  assert.equal((await streams.exit)?.exitCode, 137);
});

test('environment, directory, user and groups are its own', async () => {
  const { output } = await sh('env | grep -Ev "^(PWD|SHLVL|PATH|HOSTNAME|OLDPWD)=" | sort; pwd; id', {
    env: ['B=3', 'C=4', 'A'],
    cwd: '/etc',
    user: 'root',
    groupAdd: ['video'],
  });
  assert.equal(output, 'B=3\nC=4\nHOME=/root\n/etc\nuid=0(root) gid=0(root) groups=0(root),44(video)\n');
});

test("root in it has the container's capabilities, privileged those of the daemon", async () => {
  const caps = 'grep -E "^Cap(Eff|Bnd)" /proc/self/status | cut -f2';
  assert.equal((await sh(caps, { user: 'root' })).output, '00000000a80425fb\n00000000a80425fb\n');
  const all = /^CapBnd:\t(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  assert.equal((await sh(caps, { user: 'root', privileged: true })).output, `${all}\n${all}\n`);
});

test('it can have a terminal', async () => {
  const { output } = await sh('tty; stty size; echo $TERM', {
    tty: true,
    consoleSize: { height: 10, width: 20 },
  });
  assert.equal(output, '/dev/pts/0\r\n10 20\r\nxterm\r\n');
});

test('it reads what it is sent', async () => {
  const streams = await execProcess(ctx, facts, request(['cat'], { stdin: true }));
  streams.stdin?.end('hello\n');
  let output = '';
  for await (const { data } of streams.output) output += data.toString();
  assert.equal(output, 'hello\n');
});

const failures: readonly {
  args: string[];
  changes?: Partial<ProcessToExec>;
  exitCode: number;
  message: string;
}[] = [
  {
    args: ['nosuch'],
    exitCode: 127,
    message:
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown',
  },
  {
    args: ['/etc/passwd'],
    exitCode: 126,
    message:
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "/etc/passwd": permission denied: unknown',
  },
  {
    args: ['true'],
    changes: { cwd: '/no/such' },
    exitCode: 127,
    message:
      'OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/no/such") set in config.json failed: no such file or directory: unknown',
  },
];
for (const { args, changes = {}, exitCode, message } of failures) {
  test(`refused with code ${exitCode}: ${args.join(' ')} in ${changes.cwd ?? "the container's directory"}`, async () => {
    await assert.rejects(exec(args, changes), (error) => {
      assert.ok(error instanceof LaunchFailure, String(error));
      assert.equal(error.message, message);
      assert.equal(error.exitCode, exitCode);
      return true;
    });
  });
}

test('an unknown user and an empty command are refused', async () => {
  await assert.rejects(exec(['true'], { user: 'nosuch' }), /unable to find user nosuch: no matching entries/);
  await assert.rejects(exec([]), /no command specified/);
});

const traps: readonly { name: string; script: string; message: RegExp }[] = [
  {
    name: 'a link to a file of the host',
    script: 'ln -s /proc/1/root/etc/shadow /etc/group',
    message: /\/etc\/group: ELOOP/,
  },
  {
    name: 'a pipe that nobody writes to',
    script: 'mkfifo /etc/group',
    message: /\/etc\/group is a FIFO, not a regular file/,
  },
  {
    name: 'more than anybody should read',
    script: 'dd if=/dev/zero of=/etc/group bs=1 count=1 seek=9999999 2>/dev/null',
    message: /\/etc\/group/,
  },
];
for (const { name, script, message } of traps) {
  test(`a group file that is ${name} is refused (CVE-2026-47262)`, async () => {
    const own = lab.container(['sh', '-c', `rm /etc/group; ${script}; echo ready; sleep 60`]);
    const launched = await lab.launch(own);
    while (logText(own) !== 'ready\n') await sleep(10);
    const ask = { containerId: own.id, bundle: own.bundle, runDir: own.runDir, pid: launched.pid };
    await assert.rejects(exec(['true'], ask), message);
  });
}
