import type { CgroupLayout } from '../../src/kernel/cgroup-layout.ts';
import { CAPABILITIES } from '../../src/runtime/capabilities.ts';
import type { SpecHost } from '../../src/runtime/default-spec.ts';
import type { HostFacts } from '../../src/runtime/host.ts';
import type { HostDevice, HostLookups } from '../../src/runtime/host-lookups.ts';
import type { ContainerSettings } from '../../src/runtime/settings.ts';

/** Parts of the settings to change; nested objects are merged. */
export type Changes = {
  readonly [K in keyof ContainerSettings]?: ContainerSettings[K] extends readonly unknown[] | string | number
    ? ContainerSettings[K]
    : Partial<ContainerSettings[K]>;
};

export const ID = 'c'.repeat(64);

/** Settings of a container as `docker run --network none` makes them, with changes. */
export function settingsOf(changes: Changes = {}): ContainerSettings {
  const own = { kind: 'private' } as const;
  const { process, namespaces, security, devices, resources, ...rest } = changes;
  return {
    id: ID,
    hostname: 'box',
    domainname: '',
    mounts: [],
    readonlyRootfs: false,
    shmSize: 0,
    sysctls: {},
    ulimits: [],
    cgroupParent: '',
    annotations: {},
    ...rest,
    process: {
      args: ['true'],
      env: [],
      cwd: '',
      user: '',
      groupAdd: [],
      tty: false,
      oomScoreAdj: 0,
      ...process,
    },
    namespaces: {
      network: own,
      pid: own,
      uts: own,
      ipc: own,
      cgroup: { kind: 'host' },
      ...namespaces,
    },
    security: { privileged: false, capAdd: [], capDrop: [], securityOpt: [], ...security },
    devices: { devices: [], cgroupRules: [], ...devices },
    resources: { ...resources },
  } as ContainerSettings;
}

const TREES = ['cpu,cpuacct', 'memory', 'devices'];
export const V1: CgroupLayout = {
  version: 1,
  hierarchies: [
    ...TREES.map((tree) => ({ mountPoint: `/sys/fs/cgroup/${tree}`, controllers: tree.split(',') })),
    { mountPoint: '/sys/fs/cgroup/systemd', controllers: ['name=systemd'] },
  ],
  unified: '/sys/fs/cgroup/unified',
};
export const V2: CgroupLayout = {
  version: 2,
  mountPoint: '/sys/fs/cgroup',
  controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'],
};

/** A host that has everything. */
export function factsOf(cgroups: CgroupLayout, more: Partial<HostFacts> = {}): HostFacts {
  const v1 = cgroups.version === 1;
  return {
    arch: 'amd64',
    kernel: { major: 6, minor: 1 },
    capabilities: CAPABILITIES,
    cgroups,
    features: {
      memoryLimit: true,
      memoryReservation: true,
      swapLimit: true,
      swappiness: v1,
      oomKillDisable: v1,
      kernelMemoryTcp: v1,
      cpuShares: true,
      cpuQuota: true,
      cpuRealtime: v1,
      cpuset: true,
      pidsLimit: true,
      blockIoWeight: true,
      blockIoWeightDevice: true,
      blockIoThrottle: true,
      hugepages: true,
      devices: true,
    },
    apparmor: false,
    seccomp: true,
    possibleCpus: [0, 1],
    onlineCpus: '0-1',
    onlineMems: '0',
    ...more,
  };
}

const device = (path: string, type: 'c' | 'b', major: number, minor: number): HostDevice => ({
  path,
  type,
  major,
  minor,
  mode: 0o660,
  uid: 0,
  gid: 6,
});

/** A host with three devices and one shared mount. */
export const lookups: HostLookups = {
  devicesAt: (path) => {
    if (path === '/dev/snd')
      return [device('/dev/snd/controlC0', 'c', 116, 0), device('/dev/snd/timer', 'c', 116, 33)];
    return [path === '/dev/sda' ? device(path, 'b', 8, 0) : device(path, 'c', 188, 1)];
  },
  allDevices: () => [device('/dev/null', 'c', 1, 3), device('/dev/sda', 'b', 8, 0)],
  mountOf: (path) =>
    path.startsWith('/shared')
      ? { mountPoint: '/shared', shared: true, slave: false }
      : { mountPoint: '/', shared: false, slave: false },
};

export function hostOf(cgroups: CgroupLayout, more: Partial<HostFacts> = {}): SpecHost {
  return { facts: factsOf(cgroups, more), lookups, seccompProfile: { kind: 'default' } };
}
