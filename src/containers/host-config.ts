/**
 * What a container gets of the host: Docker's `HostConfig` (Engine API 1.51) in domain terms, names in camel case.
 * Every field either works or is refused at create by `containers/refuse.ts`; none is stored and ignored.
 */
export interface HostConfig extends Resources {
  /** `SOURCE:DESTINATION[:OPTIONS]`. */
  readonly binds: readonly string[];
  /** Written by the client; kept for inspect. */
  readonly containerIdFile: string;
  readonly logConfig: LogConfig;
  /** `none`, `host`, `container:ID`, `default`, `bridge` or a network's name. */
  readonly networkMode: string;
  readonly portBindings: Readonly<Record<string, readonly PortBinding[]>>;
  readonly restartPolicy: RestartPolicy;
  readonly autoRemove: boolean;
  readonly volumeDriver: string;
  readonly volumesFrom: readonly string[];
  readonly mounts: readonly MountRequest[];
  /** Height and width of the first terminal, in characters. */
  readonly consoleSize: readonly [height: number, width: number];
  readonly annotations: Readonly<Record<string, string>>;
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** `''` (the daemon's default), `private` or `host`. */
  readonly cgroupnsMode: string;
  readonly dns: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly dnsSearch: readonly string[];
  /** `NAME:ADDRESS` each. */
  readonly extraHosts: readonly string[];
  readonly groupAdd: readonly string[];
  /** `''`, `none`, `private`, `shareable`, `host` or `container:ID`. */
  readonly ipcMode: string;
  readonly cgroup: string;
  readonly links: readonly string[];
  /** -1000 to 1000. */
  readonly oomScoreAdj: number;
  /** `''`, `host` or `container:ID`. */
  readonly pidMode: string;
  readonly privileged: boolean;
  readonly publishAllPorts: boolean;
  readonly readonlyRootfs: boolean;
  readonly securityOpt: readonly string[];
  readonly storageOpt: Readonly<Record<string, string>>;
  /** Destination → mount options. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** `''` or `host`. */
  readonly utsMode: string;
  /** `''` or `host`. */
  readonly usernsMode: string;
  /** Bytes of /dev/shm; 0 for the default, 64 MiB. */
  readonly shmSize: number;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly runtime: string;
  readonly isolation: string;
  /** Absent: Docker's list; empty: none (`--security-opt systempaths=unconfined`). */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
}

/** Limits; 0 or empty means "not set" unless said otherwise. */
export interface Resources {
  readonly cpuShares: number;
  /** Bytes. */
  readonly memory: number;
  readonly memoryReservation: number;
  /** Memory and swap together, bytes; -1 unlimited. */
  readonly memorySwap: number;
  /** 0 to 100. */
  readonly memorySwappiness?: number;
  readonly kernelMemoryTcp: number;
  readonly oomKillDisable: boolean;
  /** 10⁻⁹ CPUs. */
  readonly nanoCpus: number;
  /** Microseconds. */
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuRealtimePeriod: number;
  readonly cpuRealtimeRuntime: number;
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly cgroupParent: string;
  readonly blkioWeight: number;
  readonly blkioWeightDevice: readonly { readonly path: string; readonly weight: number }[];
  /** Bytes per second. */
  readonly blkioDeviceReadBps: readonly ThrottleDevice[];
  readonly blkioDeviceWriteBps: readonly ThrottleDevice[];
  readonly blkioDeviceReadIops: readonly ThrottleDevice[];
  readonly blkioDeviceWriteIops: readonly ThrottleDevice[];
  readonly devices: readonly DeviceMapping[];
  readonly deviceCgroupRules: readonly string[];
  readonly deviceRequests: readonly DeviceRequest[];
  /** Absent: the daemon's default (no). */
  readonly init?: boolean;
  /** 0 or negative: unlimited. */
  readonly pidsLimit?: number;
  readonly ulimits: readonly Ulimit[];
  readonly cpuCount: number;
  readonly cpuPercent: number;
  readonly ioMaximumIops: number;
  readonly ioMaximumBandwidth: number;
}

export interface ThrottleDevice {
  readonly path: string;
  readonly rate: number;
}

export interface DeviceMapping {
  readonly pathOnHost: string;
  readonly pathInContainer: string;
  /** Of `r`, `w`, `m`; empty for `rwm`. */
  readonly cgroupPermissions: string;
}

export interface DeviceRequest {
  readonly driver: string;
  /** -1 for all. */
  readonly count: number;
  readonly deviceIds: readonly string[];
  /** An OR of ANDs. */
  readonly capabilities: readonly (readonly string[])[];
  readonly options: Readonly<Record<string, string>>;
}

export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

export interface LogConfig {
  /** `''` (the daemon's default), `json-file` or `none`. */
  readonly type: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface PortBinding {
  readonly hostIp: string;
  readonly hostPort: string;
}

export type RestartPolicyName = 'no' | 'always' | 'unless-stopped' | 'on-failure';

export interface RestartPolicy {
  readonly name: RestartPolicyName;
  /** Only for `on-failure`; 0 for no limit. */
  readonly maximumRetryCount: number;
}

/** One entry of `HostConfig.Mounts` (`--mount`). */
export interface MountRequest {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly consistency: string;
  readonly bindOptions?: BindOptions;
  readonly tmpfsOptions?: TmpfsOptions;
  /** Present when the request carried them; only volumes and images have them. */
  readonly volumeOptions?: unknown;
  readonly imageOptions?: unknown;
}

export interface BindOptions {
  /** `''`, or one of `[r]private`, `[r]shared`, `[r]slave`. */
  readonly propagation: string;
  readonly nonRecursive: boolean;
  readonly createMountpoint: boolean;
  readonly readOnlyNonRecursive: boolean;
  readonly readOnlyForceRecursive: boolean;
}

export interface TmpfsOptions {
  /** Bytes; 0 for the kernel's default. */
  readonly sizeBytes: number;
  /** Permission bits; 0 for 1777. */
  readonly mode: number;
  /** `[flag]` or `[key, value]` each. */
  readonly options: readonly (readonly string[])[];
}

/** The fields of a create request; what is absent gets {@link DEFAULT_HOST_CONFIG}'s value. */
export type HostConfigInput = Partial<HostConfig>;

export const DEFAULT_RESOURCES: Resources = {
  cpuShares: 0,
  memory: 0,
  memoryReservation: 0,
  memorySwap: 0,
  kernelMemoryTcp: 0,
  oomKillDisable: false,
  nanoCpus: 0,
  cpuPeriod: 0,
  cpuQuota: 0,
  cpuRealtimePeriod: 0,
  cpuRealtimeRuntime: 0,
  cpusetCpus: '',
  cpusetMems: '',
  cgroupParent: '',
  blkioWeight: 0,
  blkioWeightDevice: [],
  blkioDeviceReadBps: [],
  blkioDeviceWriteBps: [],
  blkioDeviceReadIops: [],
  blkioDeviceWriteIops: [],
  devices: [],
  deviceCgroupRules: [],
  deviceRequests: [],
  ulimits: [],
  cpuCount: 0,
  cpuPercent: 0,
  ioMaximumIops: 0,
  ioMaximumBandwidth: 0,
};

export const DEFAULT_HOST_CONFIG: HostConfig = {
  ...DEFAULT_RESOURCES,
  binds: [],
  containerIdFile: '',
  logConfig: { type: '', config: {} },
  networkMode: 'default',
  portBindings: {},
  restartPolicy: { name: 'no', maximumRetryCount: 0 },
  autoRemove: false,
  volumeDriver: '',
  volumesFrom: [],
  mounts: [],
  consoleSize: [0, 0],
  annotations: {},
  capAdd: [],
  capDrop: [],
  cgroupnsMode: '',
  dns: [],
  dnsOptions: [],
  dnsSearch: [],
  extraHosts: [],
  groupAdd: [],
  ipcMode: '',
  cgroup: '',
  links: [],
  oomScoreAdj: 0,
  pidMode: '',
  privileged: false,
  publishAllPorts: false,
  readonlyRootfs: false,
  securityOpt: [],
  storageOpt: {},
  tmpfs: {},
  utsMode: '',
  usernsMode: '',
  shmSize: 0,
  sysctls: {},
  runtime: '',
  isolation: '',
};
