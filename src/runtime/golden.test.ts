/*
 * What settings become: the spec, and the two programs it compiles to, as files in testdata/. `UPDATE_SNAPSHOTS=1` writes
 * them anew; what changed is then to be read in the diff.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { type Changes, hostOf, ID, settingsOf, V1, V2 } from '../../test/runtime/settings.ts';
import { cgroupAt } from '../kernel/cgroup.ts';
import type { CgroupLayout } from '../kernel/cgroup-layout.ts';
import { compileCreate } from './compile.ts';
import type { CompileContext, Rootfs } from './compile-context.ts';
import { compileExec, compileStart } from './compile-process.ts';
import { buildSpec } from './default-spec.ts';
import { settleUser } from './settle-user.ts';
import type { Spec } from './spec.ts';
import type { ResolvedUser } from './user.ts';

const GOLDEN = join(import.meta.dirname, 'testdata');
const ROOT: ResolvedUser = { uid: 0, gid: 0, groups: [0], home: '/root' };
const OVERLAY: Rootfs = {
  kind: 'overlay',
  base: '/data/snapshots',
  lowerNames: ['2/fs', '1/fs'],
  upper: '/data/snapshots/3/fs',
  work: '/data/snapshots/3/work',
};

interface Case {
  readonly name: string;
  readonly changes: Changes;
  readonly cgroups?: CgroupLayout;
  readonly user?: ResolvedUser;
  readonly rootfs?: Rootfs;
}

const cases: readonly Case[] = [
  { name: 'default-v1', changes: {} },
  { name: 'default-v2', changes: { namespaces: { cgroup: { kind: 'private' } } }, cgroups: V2 },
  {
    name: 'privileged',
    changes: {
      security: { privileged: true },
      devices: {
        devices: [{ pathOnHost: '/dev/ttyUSB0', pathInContainer: '/dev/modem', cgroupPermissions: 'r' }],
      },
    },
  },
  {
    name: 'user-and-terminal',
    user: { uid: 1000, gid: 1000, groups: [1000, 29], home: '/home/app' },
    changes: {
      process: {
        args: ['sh', '-l'],
        env: ['TERM=dumb', 'A=1'],
        cwd: '/srv/../work',
        tty: true,
        consoleSize: { height: 24, width: 80 },
        umask: 0o077,
        oomScoreAdj: 500,
        initPath: '/usr/bin/init',
      },
      hostname: 'desk',
      domainname: 'example.test',
      ulimits: [
        { name: 'nofile', soft: 1024, hard: 4096 },
        { name: 'core', soft: -1, hard: -1 },
      ],
      security: { securityOpt: ['no-new-privileges'], capDrop: ['ALL'], capAdd: ['net_admin'] },
      readonlyRootfs: true,
      sysctls: { 'net.ipv4.ip_forward': '1' },
      annotations: { 'org.example': 'x' },
    },
  },
  {
    name: 'mounts-and-devices',
    rootfs: { kind: 'bind', dir: '/data/snapshots/3/fs', readOnly: false },
    changes: {
      mounts: [
        { kind: 'bind', source: '/home/me/a/b', target: '/a/b/', readonly: false },
        { kind: 'bind', source: '/home/me/a', target: '/a', readonly: true },
        {
          kind: 'bind',
          source: '/shared/x',
          target: '/x',
          readonly: true,
          propagation: 'rshared',
          nonRecursive: true,
          readonlyRecursion: 'top-only',
        },
        { kind: 'tmpfs', target: '/run', options: ['exec', 'size=1m', 'uid=5'], mode: 0o1777 },
        { kind: 'tmpfs', target: '/sys/fs/cgroup', options: [], size: 4096 },
      ],
      shmSize: 1 << 20,
      devices: {
        devices: [
          { pathOnHost: '/dev/snd', pathInContainer: '/dev/sound', cgroupPermissions: '' },
          { pathOnHost: '/dev/sda', pathInContainer: '/dev/disk', cgroupPermissions: 'r' },
        ],
        cgroupRules: ['c 81:* rmw'],
      },
      resources: {
        memory: 64 << 20,
        nanoCpus: 1.5e9,
        cpuShares: 512,
        cpusetCpus: '0',
        pidsLimit: 100,
        blkioWeight: 300,
        blkioDeviceReadBps: [{ path: '/dev/sda', rate: 1 << 20 }],
      },
    },
  },
  {
    name: 'shared-namespaces',
    changes: {
      namespaces: {
        network: { kind: 'path', path: '/proc/4711/ns/net' },
        pid: { kind: 'host' },
        uts: { kind: 'host' },
        ipc: { kind: 'path', path: '/proc/4711/ns/ipc', shmPath: '/run/gantry/c/x/shm' },
      },
      security: { securityOpt: ['seccomp=unconfined', 'systempaths=unconfined'] },
      hooks: {
        prestart: [{ path: '/bin/a' }],
        createRuntime: [{ path: '/bin/b', args: ['b', '1'], env: ['X=1'], timeout: 5 }],
        createContainer: [{ path: '/bin/c' }],
        startContainer: [{ path: '/bin/d' }],
        poststart: [{ path: '/bin/e' }],
        poststop: [{ path: '/bin/f' }],
      },
    },
  },
  {
    name: 'user-namespace',
    changes: {
      namespaces: {
        user: {
          uidMappings: [{ containerId: 0, hostId: 100000, size: 65536 }],
          gidMappings: [{ containerId: 0, hostId: 100000, size: 65536 }],
        },
      },
    },
  },
];

for (const { name, changes, cgroups = V1, user = ROOT, rootfs = OVERLAY } of cases) {
  test(`settings ${name} become the spec and programs of testdata/${name}.json`, () => {
    const spec = buildSpec(settingsOf(changes), hostOf(cgroups), 'rootfs');
    assert.ok(spec.process);
    const process = settleUser(spec.process, user);
    const run = { process, home: user.home };
    const context: CompileContext = {
      id: ID,
      bundle: '/data/containers/c',
      rootfs,
      attachAt: '/data/containers/c/rootfs',
      cgroup: cgroupAt(cgroups, spec.linux?.cgroupsPath ?? ''),
      arch: 'amd64',
    };
    compare(name, {
      spec: shortened({ ...spec, process }),
      create: compileCreate(spec, context),
      start: compileStart(spec, run, context),
      exec: compileExec(spec, run, context),
    });
  });
}

/** The seccomp profile has tests of its own. */
function shortened(spec: Spec): unknown {
  const { seccomp } = spec.linux ?? {};
  return { ...spec, linux: { ...spec.linux, seccomp: seccomp && `${seccomp.syscalls?.length} rules` } };
}

function compare(name: string, actual: object): void {
  const text = JSON.stringify(
    actual,
    (_key, value: unknown) => {
      if (typeof value === 'bigint') return `0x${value.toString(16)}`;
      return value instanceof Uint8Array ? `${value.length / 8} instructions` : value;
    },
    1,
  );
  const file = join(GOLDEN, `${name}.json`);
  if (process.env['UPDATE_SNAPSHOTS'] === '1') {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(file, 'utf8')));
}
