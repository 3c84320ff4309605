import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ContainerStatus } from '../containers/state.ts';
import { IMAGES } from '../images/image-record.ts';
import type { CgroupFeatures } from '../kernel/cgroup-features.ts';
import { RUNTIME } from './create-host-config.ts';
import type { Engine } from './engine.ts';
import { STORAGE_NAMES } from './inspect.ts';

/** What `docker info` shows of this engine; the API adds what is only form. */
export interface EngineInfo {
  readonly id: string;
  readonly containers: {
    readonly total: number;
    readonly running: number;
    readonly paused: number;
    readonly stopped: number;
  };
  readonly images: number;
  readonly storageDriver: string;
  readonly storageStatus: readonly (readonly [string, string])[];
  readonly dataRoot: string;
  readonly cgroupVersion: '1' | '2';
  readonly cgroupDriver: string;
  readonly limits: LimitSupport;
  readonly ipv4Forwarding: boolean;
  readonly kernelVersion: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly architecture: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly hostname: string;
  readonly labels: readonly string[];
  readonly securityOptions: readonly string[];
  readonly runtimes: Readonly<Record<string, { readonly path: string }>>;
  readonly defaultRuntime: string;
  readonly eventListeners: number;
  readonly warnings: readonly string[];
}

/** Which limits this host's control groups can set. */
export interface LimitSupport {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly cpuCfs: boolean;
  readonly cpuShares: boolean;
  readonly cpuset: boolean;
  readonly pids: boolean;
  readonly oomKillDisable: boolean;
}

export function engineInfo(engine: Engine): EngineInfo {
  const { host, config } = engine;
  const records = engine.containers.all();
  const count = (...wanted: ContainerStatus[]): number =>
    records.filter(({ state }) => wanted.includes(state.status)).length;
  const limits = limitSupport(host.features);
  return {
    id: engine.id,
    containers: {
      total: records.length,
      running: count('running', 'restarting'),
      paused: count('paused'),
      stopped: count('created', 'exited', 'removing', 'dead'),
    },
    images: [...engine.store.keys(IMAGES)].length,
    storageDriver: STORAGE_NAMES[config.snapshotter],
    storageStatus: config.snapshotter === 'overlay' ? [['Supports d_type', 'true']] : [],
    dataRoot: config.dataRoot,
    cgroupVersion: host.cgroups.version === 2 ? '2' : '1',
    cgroupDriver: 'cgroupfs',
    limits,
    ipv4Forwarding: ipv4Forwarding(),
    kernelVersion: host.kernelVersion,
    operatingSystem: host.operatingSystem,
    osVersion: host.osVersion,
    architecture: host.machine,
    cpus: host.cpus,
    memory: host.memory,
    hostname: hostname(),
    labels: config.labels,
    securityOptions: securityOptions(engine),
    runtimes: { [RUNTIME]: { path: 'gantry-shim' } },
    defaultRuntime: RUNTIME,
    eventListeners: engine.events.listeners,
    warnings: warningsOf(limits),
  };
}

function limitSupport(features: CgroupFeatures): LimitSupport {
  return {
    memory: features.memoryLimit,
    swap: features.swapLimit,
    cpuCfs: features.cpuQuota,
    cpuShares: features.cpuShares,
    cpuset: features.cpuset,
    pids: features.pidsLimit,
    oomKillDisable: features.oomKillDisable,
  };
}

function ipv4Forwarding(): boolean {
  return readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() !== '0';
}

function securityOptions({ config, host }: Engine): string[] {
  const profile = config.seccompProfile;
  return [
    ...(host.apparmor ? ['name=apparmor'] : []),
    ...(profile === 'unconfined' ? [] : [`name=seccomp,profile=${profile}`]),
    ...(config.noNewPrivileges ? ['name=no-new-privileges'] : []),
    ...(host.cgroups.version === 2 ? ['name=cgroupns'] : []),
  ];
}

function warningsOf(limits: LimitSupport): string[] {
  const missing: readonly [boolean, string][] = [
    [limits.memory, 'memory limit'],
    [limits.swap, 'swap limit'],
    [limits.cpuCfs, 'cpu cfs quota'],
    [limits.cpuShares, 'cpu shares'],
    [limits.cpuset, 'cpuset'],
    [limits.pids, 'pids limit'],
  ];
  return missing.filter(([present]) => !present).map(([, what]) => `WARNING: No ${what} support`);
}
