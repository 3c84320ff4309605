import type { Nullable, StringMap } from './types-common.ts';

export interface PortBinding {
  HostIp: string;
  HostPort: string;
}
/** Keys are `PORT/PROTO`. */
export type PortMap = Record<string, Nullable<PortBinding[]>>;

export interface RestartPolicy {
  Name: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure';
  MaximumRetryCount: number;
}

export interface LogConfig {
  Type: string;
  Config: Nullable<StringMap>;
}

export interface WeightDevice {
  Path: string;
  Weight: number;
}

/** `Rate` in bytes or operations per second. */
export interface ThrottleDevice {
  Path: string;
  Rate: number;
}

export interface DeviceMapping {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

export interface DeviceRequest {
  Driver: string;
  /** -1: all. */
  Count: number;
  DeviceIDs: Nullable<string[]>;
  Capabilities: Nullable<string[][]>;
  Options: Nullable<StringMap>;
}

export interface Ulimit {
  Name: string;
  Soft: number;
  Hard: number;
}

export type MountType = 'bind' | 'volume' | 'image' | 'tmpfs' | 'npipe' | 'cluster';
export type MountPropagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';

/** One `--mount`. */
export interface Mount {
  Type: MountType;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  Consistency?: string;
  BindOptions?: Nullable<{
    Propagation?: MountPropagation | '';
    NonRecursive?: boolean;
    CreateMountpoint?: boolean;
    ReadOnlyNonRecursive?: boolean;
    ReadOnlyForceRecursive?: boolean;
  }>;
  VolumeOptions?: Nullable<{
    NoCopy?: boolean;
    Labels?: Nullable<StringMap>;
    Subpath?: string;
    DriverConfig?: Nullable<{ Name?: string; Options?: Nullable<StringMap> }>;
  }>;
  ImageOptions?: Nullable<{ Subpath?: string }>;
  /** `Mode` as a number (0o1777 = 1023), `Options` as key or key-value pairs. */
  TmpfsOptions?: Nullable<{ SizeBytes?: number; Mode?: number; Options?: Nullable<string[][]> }>;
}

/** Limits; also the body of `POST /containers/ID/update`. Memory in bytes, periods and quotas in microseconds. */
export interface Resources {
  CpuShares?: number;
  Memory?: number;
  NanoCpus?: number;
  CgroupParent?: string;
  BlkioWeight?: number;
  BlkioWeightDevice?: Nullable<WeightDevice[]>;
  BlkioDeviceReadBps?: Nullable<ThrottleDevice[]>;
  BlkioDeviceWriteBps?: Nullable<ThrottleDevice[]>;
  BlkioDeviceReadIOps?: Nullable<ThrottleDevice[]>;
  BlkioDeviceWriteIOps?: Nullable<ThrottleDevice[]>;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpuRealtimePeriod?: number;
  CpuRealtimeRuntime?: number;
  CpusetCpus?: string;
  CpusetMems?: string;
  Devices?: Nullable<DeviceMapping[]>;
  DeviceCgroupRules?: Nullable<string[]>;
  DeviceRequests?: Nullable<DeviceRequest[]>;
  KernelMemory?: number;
  KernelMemoryTCP?: number;
  MemoryReservation?: number;
  MemorySwap?: number;
  MemorySwappiness?: Nullable<number>;
  OomKillDisable?: Nullable<boolean>;
  PidsLimit?: Nullable<number>;
  Ulimits?: Nullable<Ulimit[]>;
  CpuCount?: number;
  CpuPercent?: number;
  IOMaximumIOps?: number;
  IOMaximumBandwidth?: number;
}

/** Everything about a container that depends on the host it runs on. */
export interface HostConfig extends Resources {
  Binds?: Nullable<string[]>;
  ContainerIDFile?: string;
  LogConfig?: Nullable<LogConfig>;
  NetworkMode?: string;
  PortBindings?: Nullable<PortMap>;
  RestartPolicy?: Nullable<RestartPolicy>;
  AutoRemove?: boolean;
  VolumeDriver?: string;
  VolumesFrom?: Nullable<string[]>;
  Mounts?: Nullable<Mount[]>;
  /** [height, width]. */
  ConsoleSize?: Nullable<[number, number]>;
  /** Since 1.43. */
  Annotations?: Nullable<StringMap>;
  CapAdd?: Nullable<string[]>;
  CapDrop?: Nullable<string[]>;
  CgroupnsMode?: string;
  Dns?: Nullable<string[]>;
  DnsOptions?: Nullable<string[]>;
  DnsSearch?: Nullable<string[]>;
  ExtraHosts?: Nullable<string[]>;
  GroupAdd?: Nullable<string[]>;
  IpcMode?: string;
  Cgroup?: string;
  Links?: Nullable<string[]>;
  OomScoreAdj?: number;
  PidMode?: string;
  Privileged?: boolean;
  PublishAllPorts?: boolean;
  ReadonlyRootfs?: boolean;
  SecurityOpt?: Nullable<string[]>;
  StorageOpt?: Nullable<StringMap>;
  Tmpfs?: Nullable<StringMap>;
  UTSMode?: string;
  UsernsMode?: string;
  ShmSize?: number;
  Sysctls?: Nullable<StringMap>;
  Runtime?: string;
  Isolation?: string;
  MaskedPaths?: Nullable<string[]>;
  ReadonlyPaths?: Nullable<string[]>;
  /** null: inherit the daemon's `init` setting. */
  Init?: Nullable<boolean>;
}
