import type { Nullable, StringMap } from './types-common.ts';
import type { ContainerSummary } from './types-container.ts';
import type { ImageSummary } from './types-image.ts';
import type { Volume } from './types-volume.ts';

export interface VersionComponent {
  Name: string;
  Version: string;
  Details?: Nullable<StringMap>;
}

/** `GET /version`. */
export interface SystemVersion {
  Platform: { Name: string };
  Components: VersionComponent[];
  Version: string;
  ApiVersion: string;
  MinAPIVersion: string;
  GitCommit: string;
  GoVersion: string;
  Os: string;
  Arch: string;
  KernelVersion: string;
  Experimental?: boolean;
  BuildTime: string;
}

export interface RegistryIndex {
  Name: string;
  Mirrors: Nullable<string[]>;
  Secure: boolean;
  Official: boolean;
}

export interface RegistryServiceConfig {
  InsecureRegistryCIDRs: Nullable<string[]>;
  IndexConfigs: Nullable<Record<string, RegistryIndex>>;
  Mirrors: Nullable<string[]>;
}

export interface RuntimeInfo {
  path?: string;
  runtimeArgs?: Nullable<string[]>;
  status?: Nullable<StringMap>;
}

export interface Commit {
  ID: string;
  /** Gone since 1.49. */
  Expected?: string;
}

/** `Swarm` of `GET /info`; Gantry answers `inactive`. */
export interface SwarmInfo {
  NodeID: string;
  NodeAddr: string;
  LocalNodeState: string;
  ControlAvailable: boolean;
  Error: string;
  RemoteManagers: Nullable<{ NodeID: string; Addr: string }[]>;
}

/** `GET /info`. Memory in bytes. */
export interface SystemInfo {
  ID: string;
  Containers: number;
  ContainersRunning: number;
  ContainersPaused: number;
  ContainersStopped: number;
  Images: number;
  Driver: string;
  DriverStatus: Nullable<[string, string][]>;
  SystemStatus?: Nullable<[string, string][]>;
  Plugins: {
    Volume: Nullable<string[]>;
    Network: Nullable<string[]>;
    Authorization: Nullable<string[]>;
    Log: Nullable<string[]>;
  };
  MemoryLimit: boolean;
  SwapLimit: boolean;
  KernelMemory?: boolean;
  KernelMemoryTCP?: boolean;
  CpuCfsPeriod: boolean;
  CpuCfsQuota: boolean;
  CPUShares: boolean;
  CPUSet: boolean;
  PidsLimit: boolean;
  IPv4Forwarding: boolean;
  BridgeNfIptables?: boolean;
  BridgeNfIp6tables?: boolean;
  Debug: boolean;
  NFd: number;
  OomKillDisable: boolean;
  NGoroutines: number;
  SystemTime: string;
  LoggingDriver: string;
  CgroupDriver: string;
  CgroupVersion?: string;
  NEventsListener: number;
  KernelVersion: string;
  OperatingSystem: string;
  OSVersion: string;
  OSType: string;
  Architecture: string;
  IndexServerAddress: string;
  RegistryConfig: Nullable<RegistryServiceConfig>;
  NCPU: number;
  MemTotal: number;
  GenericResources: Nullable<unknown[]>;
  DockerRootDir: string;
  HttpProxy: string;
  HttpsProxy: string;
  NoProxy: string;
  Name: string;
  Labels: Nullable<string[]>;
  ExperimentalBuild: boolean;
  ServerVersion: string;
  Runtimes: Nullable<Record<string, RuntimeInfo>>;
  DefaultRuntime: string;
  Swarm: SwarmInfo;
  LiveRestoreEnabled: boolean;
  Isolation: string;
  InitBinary: string;
  ContainerdCommit: Commit;
  RuncCommit: Commit;
  InitCommit: Commit;
  SecurityOptions: Nullable<string[]>;
  ProductLicense?: string;
  DefaultAddressPools?: Nullable<{ Base: string; Size: number }[]>;
  FirewallBackend?: Nullable<{ Driver: string; Info?: Nullable<[string, string][]> }>;
  CDISpecDirs?: Nullable<string[]>;
  DiscoveredDevices?: Nullable<{ Source: string; ID: string }[]>;
  Containerd?: Nullable<{ Address: string; Namespaces: { Containers: string; Plugins: string } }>;
  Warnings: Nullable<string[]>;
}

export interface BuildCacheRecord {
  ID: string;
  Parents?: Nullable<string[]>;
  Type: string;
  Description: string;
  InUse: boolean;
  Shared: boolean;
  Size: number;
  CreatedAt: string;
  LastUsedAt: Nullable<string>;
  UsageCount: number;
}

/** `GET /system/df`. */
export interface DiskUsage {
  LayersSize: number;
  Images: Nullable<ImageSummary[]>;
  Containers: Nullable<ContainerSummary[]>;
  Volumes: Nullable<Volume[]>;
  BuildCache: Nullable<BuildCacheRecord[]>;
}

/** Headers of `GET` and `HEAD /_ping`, decoded. */
export interface Ping {
  apiVersion: string;
  osType: string;
  experimental: boolean;
  builderVersion: string;
}
