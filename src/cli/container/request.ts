import { EngineError } from '../../base/errors.ts';
import { compareVersions } from '../../client/version.ts';
import type { EmptyObject } from '../../wire/types-common.ts';
import type { ContainerConfig, ContainerCreateRequest } from '../../wire/types-container.ts';
import type { HostConfig, Resources } from '../../wire/types-host-config.ts';
import { isMacAddress } from './addresses.ts';
import { deviceRequest } from './devices.ts';
import type { CreateFlags } from './flags.ts';
import { settleUlimits } from './limits.ts';
import { checkNamespaces, healthRequest, logOptions, parseRestart, storageOptions } from './modes.ts';
import { networkRequest } from './network.ts';
import { portRequest } from './ports.ts';
import { capabilityNames, type SecurityPlan } from './security.ts';
import { tmpfsRequest, volumeRequest } from './volumes.ts';

/** The API version that moved the MAC address from the container to its endpoint, and the one without kernel memory. */
const MAC_OF_ENDPOINT = '1.44';
const NO_KERNEL_MEMORY = '1.42';

/** What the flags refer to, read beforehand. */
export interface Sources {
  env: string[];
  labels: Record<string, string>;
  security: SecurityPlan;
  /** [height, width] of the terminal; zeros when there is none. */
  consoleSize: [number, number];
  /** What the daemon speaks. */
  apiVersion: string;
}

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** The request for a container of `image` running `command`. Pure but for `--device /dev/x*`. Throws `invalid`. */
export function createRequest(
  flags: CreateFlags,
  sources: Sources,
  image: string,
  command: readonly string[],
): ContainerCreateRequest {
  if (flags.macAddress !== '' && !isMacAddress(flags.macAddress))
    fail(`${flags.macAddress} is not a valid mac address`);
  if (flags.useApiSocket) throw new EngineError('not-implemented', '--use-api-socket is not available yet');
  checkNamespaces(flags);
  const ports = portRequest(flags.publish, flags.expose);
  const network = networkRequest(flags.network, flags);
  const hostConfig = {
    ...storage(flags),
    ...isolation(flags, sources),
    ...connections(flags, network.mode, ports.bindings),
    ...resources(flags, sources),
    ...lifecycle(flags),
    ConsoleSize: sources.consoleSize,
  };
  return {
    ...config(flags, sources, image, command, ports.exposed),
    HostConfig: hostConfig,
    NetworkingConfig: { EndpointsConfig: network.endpoints },
  };
}

function config(
  flags: CreateFlags,
  { env, labels, apiVersion }: Sources,
  image: string,
  command: readonly string[],
  exposed: readonly string[],
): ContainerConfig {
  const health = healthRequest(flags);
  const none = flags.attach.length === 0;
  const stdin = flags.interactive || flags.attach.includes('stdin');
  const { entrypoint, stopSignal, stopTimeout } = flags;
  return {
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    AttachStdin: stdin,
    AttachStdout: none || flags.attach.includes('stdout'),
    AttachStderr: none || flags.attach.includes('stderr'),
    ...(exposed.length > 0 && { ExposedPorts: setOf(exposed) }),
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    StdinOnce: flags.interactive && stdin,
    Env: env,
    Cmd: command.length > 0 ? [...command] : null,
    ...(health && { Healthcheck: health }),
    Image: image,
    Volumes: setOf(volumeRequest(flags.volume).anonymous),
    WorkingDir: flags.workdir,
    Entrypoint: entrypoint === undefined ? null : [entrypoint],
    ...(compareVersions(apiVersion, MAC_OF_ENDPOINT) < 0 && { MacAddress: flags.macAddress }),
    Labels: labels,
    ...(stopSignal !== undefined && { StopSignal: stopSignal }),
    ...(stopTimeout !== undefined && { StopTimeout: stopTimeout }),
  };
}

function setOf(keys: readonly string[]): Record<string, EmptyObject> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}

function storage(flags: CreateFlags): HostConfig {
  return {
    Binds: volumeRequest(flags.volume).binds,
    VolumeDriver: flags.volumeDriver,
    VolumesFrom: [...flags.volumesFrom],
    ...(flags.mount.length > 0 && { Mounts: [...flags.mount] }),
    ...(flags.tmpfs.length > 0 && { Tmpfs: tmpfsRequest(flags.tmpfs) }),
    ReadonlyRootfs: flags.readOnly,
    StorageOpt: storageOptions(flags.storageOpt),
    ShmSize: flags.shmSize,
  };
}

function isolation(flags: CreateFlags, { security }: Sources): HostConfig {
  return {
    CapAdd: capabilityNames(flags.capAdd),
    CapDrop: capabilityNames(flags.capDrop),
    CgroupnsMode: flags.cgroupns,
    GroupAdd: [...flags.groupAdd],
    IpcMode: flags.ipc,
    PidMode: flags.pid,
    Privileged: flags.privileged,
    SecurityOpt: security.options,
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    Sysctls: { ...flags.sysctl },
    Runtime: flags.runtime,
    Isolation: flags.isolation,
    Annotations: { ...flags.annotation },
    ...(security.unmasked && { MaskedPaths: [], ReadonlyPaths: [] }),
  };
}

function connections(
  flags: CreateFlags,
  mode: string,
  bindings: HostConfig['PortBindings'] & object,
): HostConfig {
  return {
    NetworkMode: mode,
    PortBindings: { ...bindings },
    PublishAllPorts: flags.publishAll,
    Dns: [...flags.dns],
    DnsOptions: [...flags.dnsOption],
    DnsSearch: [...flags.dnsSearch],
    ExtraHosts: [...flags.addHost],
    Links: [...flags.link],
  };
}

function lifecycle(flags: CreateFlags): HostConfig {
  const policy = parseRestart(flags.restart);
  if (flags.rm && policy.Name !== 'no' && policy.Name !== '') {
    fail('conflicting options: cannot specify both --restart and --rm');
  }
  return {
    AutoRemove: flags.rm,
    ContainerIDFile: flags.cidfile,
    LogConfig: { Type: flags.logDriver, Config: logOptions(flags.logDriver, flags.logOpt) },
    RestartPolicy: policy,
    ...(flags.init !== undefined && { Init: flags.init }),
  };
}

function resources(flags: CreateFlags, { apiVersion }: Sources): Resources & Pick<HostConfig, 'OomScoreAdj'> {
  const { memorySwappiness } = flags;
  if (memorySwappiness !== -1 && (memorySwappiness < 0 || memorySwappiness > 100)) {
    fail(`invalid value: ${memorySwappiness}. Valid memory swappiness range is 0-100`);
  }
  const { mappings, cdi } = deviceRequest(flags.device);
  const named = { Driver: 'cdi', Count: 0, DeviceIDs: cdi, Capabilities: null, Options: null };
  return {
    CgroupParent: flags.cgroupParent,
    Memory: flags.memory,
    MemoryReservation: flags.memoryReservation,
    MemorySwap: flags.memorySwap,
    MemorySwappiness: memorySwappiness,
    ...(compareVersions(apiVersion, NO_KERNEL_MEMORY) < 0 && { KernelMemory: flags.kernelMemory }),
    OomKillDisable: flags.oomKillDisable,
    OomScoreAdj: flags.oomScoreAdj,
    PidsLimit: flags.pidsLimit,
    NanoCpus: flags.cpus,
    CpuShares: flags.cpuShares,
    CpuPeriod: flags.cpuPeriod,
    CpuQuota: flags.cpuQuota,
    CpuRealtimePeriod: flags.cpuRtPeriod,
    CpuRealtimeRuntime: flags.cpuRtRuntime,
    CpusetCpus: flags.cpusetCpus,
    CpusetMems: flags.cpusetMems,
    BlkioWeight: flags.blkioWeight,
    BlkioWeightDevice: [...flags.blkioWeightDevice],
    BlkioDeviceReadBps: [...flags.deviceReadBps],
    BlkioDeviceWriteBps: [...flags.deviceWriteBps],
    BlkioDeviceReadIOps: [...flags.deviceReadIops],
    BlkioDeviceWriteIOps: [...flags.deviceWriteIops],
    Ulimits: settleUlimits(flags.ulimit),
    DeviceCgroupRules: [...flags.deviceCgroupRule],
    Devices: mappings,
    DeviceRequests: [...flags.gpus, ...(cdi.length > 0 ? [named] : [])],
  };
}
