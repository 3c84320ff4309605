import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type BuiltCli, buildCli } from '../support/gantry-cli.ts';
import { noDockerd } from '../support/reference-daemon.ts';
import { type Outcome, runProgram } from '../support/run-program.ts';
import { words } from '../support/words.ts';

const HEX = (digit: string) => digit.repeat(64);
const DIGEST = `sha256:${HEX('d')}`;
const NOW = Math.floor(Date.now() / 1000);

const container = (fields: object) => ({
  Id: HEX('1'),
  Names: ['/one'],
  Image: 'busybox',
  ImageID: `sha256:${HEX('a')}`,
  Command: 'sh',
  Created: NOW - 90_000,
  Ports: [],
  Labels: {},
  State: 'running',
  Status: 'Up 2 hours',
  HostConfig: { NetworkMode: 'bridge' },
  NetworkSettings: { Networks: { bridge: {} } },
  Mounts: [],
  ...fields,
});
const port = (PrivatePort: number, PublicPort?: number, IP?: string, Type = 'tcp') => ({
  PrivatePort,
  PublicPort,
  IP,
  Type,
});

const CONTAINERS = [
  container({
    Ports: [
      port(80, 8080, '0.0.0.0'),
      port(80, 8080, '::'),
      port(443),
      port(7001, 7001, '0.0.0.0'),
      port(7000, 7000, '0.0.0.0'),
      port(7002, 7002, '0.0.0.0'),
      port(7010, 7010, '127.0.0.1'),
      port(53, undefined, undefined, 'udp'),
      port(54, undefined, undefined, 'udp'),
      port(90, 9000, '10.0.0.1', 'sctp'),
    ],
    Labels: { 'com.example.some-label': 'x y' },
  }),
  container({
    Id: HEX('2'),
    Names: ['/other/alias', '/two', '/third/alias'],
    Image: `registry.example.com:5000/a/b:1.2@${DIGEST}`,
    Command: 'sh -c "echo 1\t\\"2\\" \u00e9\u4e2d\u6587 and quite a lot more"',
    Created: NOW - 200,
    State: 'exited',
    Status: 'Exited (0) 3 days ago',
    SizeRw: 1234,
    SizeRootFs: 5_678_901,
    NetworkSettings: { Networks: { a: {} } },
    Mounts: [
      {
        Type: 'volume',
        Name: 'averyveryverylongname',
        Source: '',
        Destination: '/d',
        Driver: 'local',
        Mode: '',
        RW: true,
        Propagation: '',
      },
      {
        Type: 'bind',
        Source: '/a/long/path/on/the/host',
        Destination: '/e',
        Mode: '',
        RW: false,
        Propagation: 'rprivate',
      },
    ],
  }),
  container({
    Id: HEX('3'),
    Names: ['/t'],
    Image: `busybox@${DIGEST}`,
    Created: NOW - 3 * 86400 * 365,
    Status: 'Created',
    State: 'created',
  }),
  container({ Id: HEX('4'), Names: ['/f'], Image: `sha256:${HEX('a')}`, Created: NOW - 86400 * 20 }),
  container({ Id: HEX('5'), Names: ['/g'], Image: HEX('a').slice(0, 12), Created: NOW - 86400 * 90 }),
  container({ Id: HEX('6'), Names: ['/h'], Image: '', Created: NOW - 3700 }),
];

const image = (fields: object) => ({
  Id: `sha256:${HEX('a')}`,
  ParentId: '',
  RepoTags: ['busybox:latest'],
  RepoDigests: [],
  Created: NOW - 86400 * 10,
  Size: 4_261_551,
  SharedSize: -1,
  Labels: null,
  Containers: -1,
  ...fields,
});
const IMAGES = [
  image({ RepoDigests: [`busybox@${DIGEST}`] }),
  image({
    Id: `sha256:${HEX('b')}`,
    RepoTags: ['r.example.com/x/y:1', 'r.example.com/x/y:2'],
    Size: 123_456_789_012,
    Containers: 3,
    SharedSize: 12,
  }),
  image({ Id: `sha256:${HEX('c')}`, RepoTags: [], RepoDigests: [`gone@${DIGEST}`], Created: NOW - 7300 }),
  image({ Id: `sha256:${HEX('e')}`, RepoTags: [], RepoDigests: [], Size: 0 }),
  image({ Id: `sha256:${HEX('f')}`, RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }),
];

const HISTORY = [
  {
    Id: `sha256:${HEX('a')}`,
    Created: NOW - 600,
    CreatedBy: '/bin/sh -c #(nop)  CMD ["sh"]\twith a tab and more text',
    Tags: ['busybox:latest'],
    Size: 0,
    Comment: 'why',
  },
  { Id: '<missing>', Created: 0, CreatedBy: 'ADD file', Tags: null, Size: 4_261_551, Comment: '' },
];

const INFO = {
  ID: 'ID',
  Containers: 3,
  ContainersRunning: 1,
  ContainersPaused: 0,
  ContainersStopped: 2,
  Images: 4,
  Driver: 'overlay2',
  DriverStatus: [['Backing Filesystem', 'extfs']],
  Plugins: { Volume: ['local'], Network: ['bridge', 'host'], Authorization: ['a', 'b'], Log: ['json-file'] },
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  Debug: true,
  NFd: 20,
  OomKillDisable: true,
  NGoroutines: 40,
  SystemTime: '2026-11-21T04:28:08Z',
  LoggingDriver: 'json-file',
  CgroupDriver: 'cgroupfs',
  CgroupVersion: '2',
  NEventsListener: 2,
  KernelVersion: '6.1',
  OperatingSystem: 'Debian',
  OSVersion: '12',
  OSType: 'linux',
  Architecture: 'x86_64',
  IndexServerAddress: 'https://index.docker.io/v1/',
  RegistryConfig: {
    InsecureRegistryCIDRs: ['127.0.0.0/8'],
    IndexConfigs: {
      'docker.io': { Name: 'docker.io', Mirrors: ['https://m/'], Secure: true, Official: true },
      'bad:5000': { Name: 'bad:5000', Mirrors: [], Secure: false, Official: false },
    },
    Mirrors: ['https://m/'],
  },
  NCPU: 4,
  MemTotal: 25276502016,
  GenericResources: null,
  DockerRootDir: '/var/lib/gantry',
  HttpProxy: 'http://p:1',
  HttpsProxy: '',
  NoProxy: 'localhost',
  Name: 'host',
  Labels: ['a=b', 'c'],
  ExperimentalBuild: false,
  ServerVersion: '28.0.0',
  Runtimes: { runc: { path: 'runc' } },
  DefaultRuntime: 'runc',
  Swarm: {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: 'inactive',
    ControlAvailable: false,
    Error: '',
    RemoteManagers: null,
  },
  LiveRestoreEnabled: true,
  Isolation: '',
  InitBinary: 'docker-init',
  ContainerdCommit: { ID: '1' },
  RuncCommit: { ID: '2' },
  InitCommit: { ID: '3' },
  SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
  DefaultAddressPools: [{ Base: '10.0.0.0/8', Size: 24 }],
  FirewallBackend: { Driver: 'iptables' },
  CDISpecDirs: ['/etc/cdi', '/var/run/cdi'],
  Warnings: ['WARNING: something'],
};

const EVENTS = [
  {
    status: 'start',
    id: HEX('1'),
    from: 'busybox',
    Type: 'container',
    Action: 'start',
    Actor: { ID: HEX('1'), Attributes: { name: 'one', image: 'busybox', 'b-label': '<x>' } },
    scope: 'local',
    time: 1795235288,
    timeNano: 1795235288248193305n,
  },
  {
    Type: 'network',
    Action: 'connect',
    Actor: { ID: HEX('2'), Attributes: {} },
    scope: 'local',
    time: 1795235288,
    timeNano: 1795235288000000001n,
  },
];

const PULL = [
  { status: 'Pulling from library/busybox', id: '1' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'aaa' },
  { status: 'Downloading', progressDetail: { current: 5, total: 20 }, progress: '[=>]', id: 'aaa' },
  { status: 'Pull complete', progressDetail: {}, id: 'aaa' },
  { status: `Digest: ${DIGEST}` },
];

const TOP = {
  Titles: ['PID', 'CMD'],
  Processes: [
    ['1', 'sh'],
    ['22', 'a very long command line that goes on'],
  ],
};
const INSPECT = {
  Id: HEX('1'),
  Name: '/one',
  Config: { Tty: false },
  State: { Status: 'running', Running: true },
  NetworkSettings: {
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
      ],
      '9/udp': null,
      '443/tcp': [{ HostIp: '', HostPort: '1' }],
    },
  },
};

/** Answers by path; a string is sent as it is. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/containers/json': CONTAINERS,
  '/images/json': IMAGES,
  '/images/busybox/history': HISTORY,
  '/info': INFO,
  '/events': lines(EVENTS),
  '/images/create': lines(PULL),
  '/images/load': lines([{ stream: 'Loaded image: busybox:1\n' }]),
  '/containers/one/top': TOP,
  '/containers/one/json': INSPECT,
  '/containers/one/wait': { StatusCode: 7 },
  '/containers/prune': { ContainersDeleted: [HEX('1'), HEX('2')], SpaceReclaimed: 1_234_567 },
  '/images/prune': { ImagesDeleted: [{ Untagged: 'a:b' }, { Deleted: DIGEST }], SpaceReclaimed: 0 },
};

const ROWS: readonly string[] = [
  'ps -a',
  'ps -a --no-trunc',
  'ps -as',
  'ps -a --format json',
  "ps -a --format '{{json .}}'",
  'ps -a --format \'table {{.Names}}\\t{{.Label "com.example.some-label"}}\\t{{.Mounts}}\\t{{.LocalVolumes}}\\t{{.Networks}}\\t{{.CreatedAt}}\'',
  "ps -a --no-trunc --format '{{.Names}}|{{.Command}}|{{.Image}}|{{.Mounts}}'",
  'images',
  'images --digests',
  'images --no-trunc --digests',
  'images -q',
  'images --format json',
  "images --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.Containers}} {{.SharedSize}} {{.UniqueSize}} {{.CreatedAt}}'",
  "images --digests --format 'table {{.ID}}'",
  'history busybox',
  'history --no-trunc busybox',
  'history -H=false busybox',
  'history -q busybox',
  'history --format json busybox',
  "info -f '{{.RegistryConfig.Mirrors}} {{.Labels}} {{.DefaultAddressPools}} {{.CDISpecDirs}} {{.Warnings}}'",
  "info -f '{{range .SecurityOptions}}{{.}};{{end}} {{.Swarm.ControlAvailable}} {{.ClientInfo.Debug}} {{.MemTotal}}'",
  'events',
  'events --format json',
  "events --format '{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}} {{.Time}} {{.TimeNano}} {{.ID}} {{.From}} {{.Status}}'",
  "events --format '{{json .Actor}} {{json .Actor.Attributes}}'",
  "events --format '{{.Foo}}'",
  "events --format '{{'",
  'pull busybox:1',
  'pull busybox',
  'pull -q busybox:1',
  `pull busybox@${DIGEST}`,
  'pull -a busybox',
  'top one',
  'top one -o pid',
  'port one',
  'port one 80',
  'port one 80/tcp',
  'port one 9/udp',
  'port one 443/tcp',
  'wait one one',
  'container prune -f',
  'container prune -f --filter until=24h',
  'image prune -f',
  'image prune -af --filter label=x',
];

const skip = noDockerd()?.includes('docker is not installed') ? 'docker is not installed' : false;
const dir = mkdtempSync(join(tmpdir(), 'gantry-canned-'));
const socket = join(dir, 's');
let cli: BuiltCli;
let requests: string[] = [];

const server = createServer((request, reply) => {
  const url = new URL(request.url ?? '', 'http://x');
  const path = url.pathname.replace(/^\/v[\d.]+/, '');
  if (path !== '/_ping')
    requests.push(
      `${request.method} ${path} ${[...url.searchParams]
        .map((pair) => pair.join('='))
        .sort()
        .join(' ')}`,
    );
  const answer = ANSWERS[path] ?? {};
  reply
    .setHeader('Api-Version', '1.50')
    .setHeader('Ostype', 'linux')
    .setHeader('Content-Type', 'application/json');
  reply.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
});

before(async () => {
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
  test(row, { skip }, async () => {
    const want = await outcome('docker', [], row);
    const got = await outcome(process.execPath, ['--', cli.program], row);
    assert.deepEqual(got, want);
  });
}

async function outcome(
  program: string,
  first: string[],
  row: string,
): Promise<{ requests: string[] } & Outcome> {
  requests = [];
  const env = { DOCKER_HOST: `unix://${socket}`, DOCKER_CONFIG: dir };
  const result = await runProgram(program, [...first, ...words(row)], { env, cwd: dir });
  return { requests: requests.map(alike), ...result };
}

/** Switches may be spelt `1` or `true`, and a false one may be left out. */
function alike(request: string): string {
  return request.replace(/=1(?= |$)/g, '=true').replace(/ [\w-]+=(0|false|)(?= |$)/g, '');
}

/** One JSON record per line; integers may be bigger than JavaScript's. */
function lines(records: readonly object[]): string {
  const text = (record: object) =>
    JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? `BIG${value}` : value));
  return records.map((record) => `${text(record).replace(/"BIG(\d+)"/g, '$1')}\r\n`).join('');
}
