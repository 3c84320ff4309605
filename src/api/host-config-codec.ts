import { EngineError } from '../base/errors.ts';
import {
  type BindOptions,
  DEFAULT_HOST_CONFIG,
  type DeviceMapping,
  type DeviceRequest,
  type HostConfig,
  type HostConfigInput,
  type LogConfig,
  type MountRequest,
  type PortBinding,
  type RestartPolicy,
  type RestartPolicyName,
  type ThrottleDevice,
  type TmpfsOptions,
  type Ulimit,
} from '../containers/host-config.ts';
import * as wire from '../wire/decode.ts';
import {
  boolean,
  type Codec,
  integer,
  list,
  mapOf,
  omitEmpty,
  partial,
  string,
  stringMap,
  withDefaults,
  words,
} from './codec.ts';

/** Anything, handed on as it came: what only the engine can refuse. */
const anything: Codec<unknown> = { decode: wire.raw, encode: (value) => value };

const restartPolicyName: Codec<RestartPolicyName> = {
  decode: (value, path) => {
    const name = wire.string(value, path);
    switch (name) {
      case '':
        return 'no';
      case 'no':
      case 'always':
      case 'unless-stopped':
      case 'on-failure':
        return name;
      default:
        throw new EngineError(
          'invalid',
          `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
        );
    }
  },
  encode: (value) => value,
};

const restartPolicy = withDefaults<RestartPolicy>(
  { name: ['Name', restartPolicyName], maximumRetryCount: ['MaximumRetryCount', integer] },
  DEFAULT_HOST_CONFIG.restartPolicy,
);

const logConfig = withDefaults<LogConfig>(
  { type: ['Type', string], config: ['Config', stringMap] },
  DEFAULT_HOST_CONFIG.logConfig,
);

/** Clients have always sent the port as text; a few send a number. */
const portText: Codec<string> = {
  decode: (value, path) => (typeof value === 'number' ? String(value) : wire.string(value, path)),
  encode: (value) => value,
};
const portBinding = withDefaults<PortBinding>(
  { hostIp: ['HostIp', string], hostPort: ['HostPort', portText] },
  { hostIp: '', hostPort: '' },
);

const throttle = withDefaults<ThrottleDevice>(
  { path: ['Path', string], rate: ['Rate', integer] },
  { path: '', rate: 0 },
);
const weight = withDefaults({ path: ['Path', string], weight: ['Weight', integer] }, { path: '', weight: 0 });
const ulimit = withDefaults<Ulimit>(
  { name: ['Name', string], soft: ['Soft', integer], hard: ['Hard', integer] },
  { name: '', soft: 0, hard: 0 },
);

const device = withDefaults<DeviceMapping>(
  {
    pathOnHost: ['PathOnHost', string],
    pathInContainer: ['PathInContainer', string],
    cgroupPermissions: ['CgroupPermissions', string],
  },
  { pathOnHost: '', pathInContainer: '', cgroupPermissions: '' },
);

const deviceRequest = withDefaults<DeviceRequest>(
  {
    driver: ['Driver', string],
    count: ['Count', integer],
    deviceIds: ['DeviceIDs', list(string)],
    capabilities: ['Capabilities', list(list(string, []))],
    options: ['Options', stringMap],
  },
  { driver: '', count: 0, deviceIds: [], capabilities: [], options: {} },
);

const bindOptions = withDefaults<BindOptions>(
  {
    propagation: ['Propagation', omitEmpty(string)],
    nonRecursive: ['NonRecursive', omitEmpty(boolean)],
    createMountpoint: ['CreateMountpoint', omitEmpty(boolean)],
    readOnlyNonRecursive: ['ReadOnlyNonRecursive', omitEmpty(boolean)],
    readOnlyForceRecursive: ['ReadOnlyForceRecursive', omitEmpty(boolean)],
  },
  {
    propagation: '',
    nonRecursive: false,
    createMountpoint: false,
    readOnlyNonRecursive: false,
    readOnlyForceRecursive: false,
  },
);

const tmpfsOptions = withDefaults<TmpfsOptions>(
  {
    sizeBytes: ['SizeBytes', omitEmpty(integer)],
    mode: ['Mode', omitEmpty(integer)],
    options: ['Options', omitEmpty(list(list(string, [])))],
  },
  { sizeBytes: 0, mode: 0, options: [] },
);

const mount = withDefaults<MountRequest>(
  {
    type: ['Type', string],
    source: ['Source', omitEmpty(string)],
    target: ['Target', string],
    readOnly: ['ReadOnly', omitEmpty(boolean)],
    consistency: ['Consistency', omitEmpty(string)],
    bindOptions: ['BindOptions', bindOptions],
    tmpfsOptions: ['TmpfsOptions', tmpfsOptions],
    volumeOptions: ['VolumeOptions', anything],
    imageOptions: ['ImageOptions', anything],
  },
  { type: '', source: '', target: '', readOnly: false, consistency: '' },
);

const consoleSize: Codec<readonly [number, number]> = {
  decode: (value, path) => {
    const [height = 0, width = 0] = wire.array(wire.integer)(value, path);
    return [height, width];
  },
  encode: (value) => value,
};

/** Docker's `HostConfig` (Engine API 1.51). */
export const hostConfig: Codec<HostConfigInput> = partial<HostConfig>({
  binds: ['Binds', list(string)],
  containerIdFile: ['ContainerIDFile', string],
  logConfig: ['LogConfig', logConfig],
  networkMode: ['NetworkMode', string],
  portBindings: ['PortBindings', mapOf(list(portBinding, []))],
  restartPolicy: ['RestartPolicy', restartPolicy],
  autoRemove: ['AutoRemove', boolean],
  volumeDriver: ['VolumeDriver', string],
  volumesFrom: ['VolumesFrom', list(string)],
  mounts: ['Mounts', omitEmpty(list(mount))],
  consoleSize: ['ConsoleSize', consoleSize],
  annotations: ['Annotations', omitEmpty(stringMap)],
  capAdd: ['CapAdd', { ...list(string), decode: words.decode }],
  capDrop: ['CapDrop', { ...list(string), decode: words.decode }],
  cgroupnsMode: ['CgroupnsMode', string],
  dns: ['Dns', list(string, [])],
  dnsOptions: ['DnsOptions', list(string, [])],
  dnsSearch: ['DnsSearch', list(string, [])],
  extraHosts: ['ExtraHosts', list(string)],
  groupAdd: ['GroupAdd', list(string)],
  ipcMode: ['IpcMode', string],
  cgroup: ['Cgroup', string],
  links: ['Links', list(string)],
  oomScoreAdj: ['OomScoreAdj', integer],
  pidMode: ['PidMode', string],
  privileged: ['Privileged', boolean],
  publishAllPorts: ['PublishAllPorts', boolean],
  readonlyRootfs: ['ReadonlyRootfs', boolean],
  securityOpt: ['SecurityOpt', list(string)],
  storageOpt: ['StorageOpt', omitEmpty(stringMap)],
  tmpfs: ['Tmpfs', omitEmpty(stringMap)],
  utsMode: ['UTSMode', string],
  usernsMode: ['UsernsMode', string],
  shmSize: ['ShmSize', integer],
  sysctls: ['Sysctls', omitEmpty(stringMap)],
  runtime: ['Runtime', string],
  isolation: ['Isolation', string],
  cpuShares: ['CpuShares', integer],
  memory: ['Memory', integer],
  nanoCpus: ['NanoCpus', integer],
  cgroupParent: ['CgroupParent', string],
  blkioWeight: ['BlkioWeight', integer],
  blkioWeightDevice: ['BlkioWeightDevice', list(weight, [])],
  blkioDeviceReadBps: ['BlkioDeviceReadBps', list(throttle, [])],
  blkioDeviceWriteBps: ['BlkioDeviceWriteBps', list(throttle, [])],
  blkioDeviceReadIops: ['BlkioDeviceReadIOps', list(throttle, [])],
  blkioDeviceWriteIops: ['BlkioDeviceWriteIOps', list(throttle, [])],
  cpuPeriod: ['CpuPeriod', integer],
  cpuQuota: ['CpuQuota', integer],
  cpuRealtimePeriod: ['CpuRealtimePeriod', integer],
  cpuRealtimeRuntime: ['CpuRealtimeRuntime', integer],
  cpusetCpus: ['CpusetCpus', string],
  cpusetMems: ['CpusetMems', string],
  devices: ['Devices', list(device, [])],
  deviceCgroupRules: ['DeviceCgroupRules', list(string)],
  deviceRequests: ['DeviceRequests', list(deviceRequest)],
  kernelMemoryTcp: ['KernelMemoryTCP', omitEmpty(integer)],
  memoryReservation: ['MemoryReservation', integer],
  memorySwap: ['MemorySwap', integer],
  memorySwappiness: ['MemorySwappiness', integer, null],
  oomKillDisable: ['OomKillDisable', boolean],
  init: ['Init', boolean],
  pidsLimit: ['PidsLimit', integer, null],
  ulimits: ['Ulimits', list(ulimit, [])],
  cpuCount: ['CpuCount', integer],
  cpuPercent: ['CpuPercent', integer],
  ioMaximumIops: ['IOMaximumIOps', integer],
  ioMaximumBandwidth: ['IOMaximumBandwidth', integer],
  maskedPaths: ['MaskedPaths', list(string, [])],
  readonlyPaths: ['ReadonlyPaths', list(string, [])],
});
