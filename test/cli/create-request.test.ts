import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BuiltCli, buildCli } from '../support/gantry-cli.ts';
import { noDockerd } from '../support/reference-daemon.ts';
import { runProgram } from '../support/run-program.ts';
import { words } from '../support/words.ts';

/** Flags of `create`, whose requests must be what docker's command line sends. `DIR` is a directory with some files. */
const ROWS: readonly string[] = [
  '',
  '-i',
  '-t',
  '-it --name n --rm',
  '-a stdin -a stderr',
  '-a STDOUT',
  '-e A=1 -e B= -e HOME -e NOT_SET_HERE',
  '--env-file DIR/env -e C=3',
  '-w /w -u 1:2 --entrypoint sh',
  '--entrypoint=',
  '-h host --domainname dom',
  '--read-only --privileged',
  '--cap-add NET_ADMIN --cap-add CAP_CHOWN --cap-drop all',
  '--security-opt no-new-privileges --security-opt apparmor=x --security-opt label:disable',
  '--security-opt seccomp=unconfined',
  '--security-opt seccomp=DIR/seccomp.json',
  '--security-opt systempaths=unconfined',
  '--device /dev/null --device /dev/zero:/dev/x --device /dev/full:r --device /dev/random:/dev/y:rw',
  '--device vendor.com/class=name',
  '--device-cgroup-rule "c 1:3 rwm"',
  '-m 64m --memory-reservation 32m --memory-swap 128m --memory-swappiness 10',
  '--memory-swap -1',
  '-c 512 --cpus 1.5 --cpu-period 1000 --cpu-quota 2000 --cpuset-cpus 0 --cpuset-mems 0',
  '--cpu-rt-period 10 --cpu-rt-runtime 5',
  '--pids-limit 100 --oom-kill-disable --oom-score-adj 5',
  '--ulimit nofile=10:20 --ulimit core=0 --ulimit nproc=-1 --ulimit nofile=30',
  '--init',
  '--init=false',
  '--network none',
  '--net host',
  '--network mynet --network-alias a --network-alias b --ip 10.0.0.5 --ip6 fd00::5 --link-local-ip 169.254.1.1',
  '--network name=mynet,alias=x,ip=10.0.0.7,driver-opt=a=b',
  '--network n1 --network n2',
  '--network container:abc',
  '--mac-address 92:d0:c6:0a:29:33',
  '--network n1 --mac-address 92:d0:c6:0a:29:33',
  '--network name=n1,mac-address=92:d0:c6:0a:29:33,gw-priority=5',
  '--link other --link other:alias',
  '--network n1 --link other:alias',
  '-p 80',
  '-p 8080:80 -p 127.0.0.1:8081:81/udp -p [::1]:82:82 -p 7000-7002:7000-7002 -p 9000-9010:90',
  '-p target=80,published=8080,protocol=udp',
  '-P --expose 99 --expose 100-102/udp',
  '-v /a:/b -v /a:/c:ro,z -v vol:/v -v /anon',
  '-v ./rel:/x -v .:/y',
  '--volume-driver local --volumes-from a --volumes-from b:ro',
  '--mount type=bind,source=/a,target=/b,readonly,bind-propagation=rslave',
  '--mount type=bind,src=/a,dst=/b,bind-nonrecursive',
  '--mount type=volume,source=v,target=/b,volume-nocopy,volume-label=a=b,volume-driver=local,volume-opt=x=y',
  '--mount type=volume,target=/b,volume-subpath=s',
  '--mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=1770',
  '--mount source=v,target=/t',
  '--mount type=bind,src=./a,dst=/b',
  '--mount type=bind,src=/a,dst=/b,ro=true,bind-recursive=readonly,bind-propagation=rprivate',
  '--mount type=bind,src=/a,dst=/b,ro,bind-recursive=writable',
  '--mount type=bind,src=/a,dst=/b,bind-recursive=disabled',
  '--mount type=image,src=busybox,dst=/b,image-subpath=x',
  '--tmpfs /t --tmpfs /u:size=1m,noexec',
  '-l a=b -l c --label-file DIR/labels',
  '--log-driver json-file --log-opt max-size=1m --log-opt x',
  '--restart always',
  '--restart on-failure:3',
  '--restart unless-stopped',
  '--stop-signal SIGINT --stop-timeout 3',
  '--stop-signal ""',
  '--shm-size 1g',
  '--sysctl net.ipv4.ip_forward=1',
  '--group-add 5 --group-add audio',
  '--add-host a:1.2.3.4 --add-host b=::1 --add-host c:[::2] --add-host d:host-gateway',
  '--dns 1.1.1.1 --dns-search example.com --dns-search . --dns-opt ndots:1 --dns-option x',
  '--health-cmd "curl x" --health-interval 5s --health-retries 3 --health-timeout 1m --health-start-period 1h',
  '--health-start-interval 2s',
  '--no-healthcheck',
  '--gpus all',
  '--gpus 2',
  '--gpus device=0',
  '--gpus "\\"device=0,1\\",capabilities=utility"',
  '--runtime runc --ipc host --pid host --uts host --userns host --cgroupns private',
  '--pid container:x --ipc container:y --cgroup-parent /p',
  '--blkio-weight 100 --blkio-weight-device /dev/sda:200',
  '--device-read-bps /dev/sda:1mb --device-write-bps /dev/sda:2000 --device-read-iops /dev/sda:10 --device-write-iops /dev/sda:20',
  '--annotation a=b --annotation c',
  '--storage-opt size=10G',
  '--isolation default',
  '--platform linux/arm64',
  '--cidfile DIR/cid',
  '--kernel-memory 50m',
];

const skip = noDockerd()?.includes('docker is not installed') ? 'docker is not installed' : undefined;
const dir = mkdtempSync(join(tmpdir(), 'gantry-request-'));
const socket = join(dir, 's.sock');
let cli: BuiltCli;
const requests: { query: string; body: unknown }[] = [];

/** Answers every create with an ID and remembers what was asked for. */
const server = createServer((request, reply) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const url = new URL(request.url ?? '', 'http://x');
    reply
      .setHeader('Api-Version', '1.50')
      .setHeader('Ostype', 'linux')
      .setHeader('Content-Type', 'application/json');
    if (!url.pathname.endsWith('/containers/create')) {
      reply.end('{}');
      return;
    }
    requests.push({
      query: [...url.searchParams].map((pair) => pair.join('=')).join('&'),
      body: JSON.parse(Buffer.concat(chunks).toString()),
    });
    reply.statusCode = 201;
    reply.end('{"Id":"abc","Warnings":[]}');
  });
});

before(async () => {
  writeFileSync(join(dir, 'env'), '\uFEFF# comment\n\nA=file\n  B=b b \nHOME\nNOT_SET_HERE\n');
  writeFileSync(join(dir, 'labels'), '# c\nx=y\nz\n');
  writeFileSync(join(dir, 'seccomp.json'), '{ "defaultAction": "SCMP_ACT_ALLOW",\n "x": [1, "<"] }');
  cli = await buildCli();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
});

after(() => {
  server.close();
  server.closeAllConnections();
  cli.remove();
  rmSync(dir, { recursive: true, force: true });
});

for (const row of ROWS) {
  test(`create ${row}`, { skip: skip ?? false }, async () => {
    const want = await requestOf('docker', [], row);
    const got = await requestOf(process.execPath, ['--', cli.program], row);
    assert.deepEqual(got, want);
  });
}

async function requestOf(program: string, before: string[], row: string): Promise<unknown> {
  requests.length = 0;
  rmSync(join(dir, 'cid'), { force: true });
  const args = [...before, 'create', ...words(row.replaceAll('DIR', dir)), 'busybox', 'cmd', '-x'];
  const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: dir, NOT_SET_HERE: undefined };
  const outcome = await runProgram(program, args, { env, cwd: dir });
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(outcome.stdout, 'abc\n');
  return requests.map(({ query, body }) => ({ query, body: withoutZeros(body) }));
}

/** Go cannot tell an absent field from a zero one, so neither may we; order of variables is not docker's to choose. */
function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutZeros);
    return items.every((item) => typeof item === 'string') ? items.toSorted() : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, KEEP.has(key) ? item : withoutZeros(item)] as const)
    .filter(([key, item]) => (KEEP.has(key) ? item !== null : !isZero(item)));
  return Object.fromEntries(entries);
}

/** Fields where empty and absent differ. */
const KEEP = new Set([
  'OomKillDisable',
  'Init',
  'PidsLimit',
  'MemorySwappiness',
  'StopTimeout',
  'MaskedPaths',
  'ReadonlyPaths',
  'Entrypoint',
  'Cmd',
  'Dns',
]);

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isZero);
  return !value || (typeof value === 'object' && Object.keys(value).length === 0);
}
