import type { EmptyObject, Nullable, OciDescriptor, PruneReport, StringMap } from './types-common.ts';
import type { HostConfig, MountType, PortMap, Resources, RestartPolicy } from './types-host-config.ts';
import type { EndpointSettings, NetworkingConfig } from './types-network.ts';

/** Durations in nanoseconds; 0 means inherit. `Test` is `[]` (inherit), `['NONE']`, `['CMD', …]` or `['CMD-SHELL', line]`. */
export interface HealthConfig {
  Test?: Nullable<string[]>;
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  /** Since 1.44. */
  StartInterval?: number;
  Retries?: number;
}

/** Everything about a container that does not depend on the host. */
export interface ContainerConfig {
  Hostname?: string;
  Domainname?: string;
  User?: string;
  AttachStdin?: boolean;
  AttachStdout?: boolean;
  AttachStderr?: boolean;
  ExposedPorts?: Nullable<Record<string, EmptyObject>>;
  Tty?: boolean;
  OpenStdin?: boolean;
  StdinOnce?: boolean;
  Env?: Nullable<string[]>;
  Cmd?: Nullable<string[]>;
  Healthcheck?: Nullable<HealthConfig>;
  ArgsEscaped?: Nullable<boolean>;
  Image?: string;
  Volumes?: Nullable<Record<string, EmptyObject>>;
  WorkingDir?: string;
  Entrypoint?: Nullable<string[]>;
  NetworkDisabled?: Nullable<boolean>;
  /** Superseded in 1.44 by the endpoint's. */
  MacAddress?: Nullable<string>;
  OnBuild?: Nullable<string[]>;
  Labels?: Nullable<StringMap>;
  StopSignal?: Nullable<string>;
  /** Seconds. */
  StopTimeout?: Nullable<number>;
  Shell?: Nullable<string[]>;
}

/** `POST /containers/create`. */
export interface ContainerCreateRequest extends ContainerConfig {
  HostConfig?: Nullable<HostConfig>;
  NetworkingConfig?: Nullable<NetworkingConfig>;
}

export interface ContainerCreateResponse {
  Id: string;
  Warnings: Nullable<string[]>;
}

export type ContainerStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead';

export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: 'tcp' | 'udp' | 'sctp';
}

export interface MountPoint {
  Type: MountType;
  Name?: string;
  Source: string;
  Destination: string;
  Driver?: string;
  Mode: string;
  RW: boolean;
  Propagation: string;
}

/** One item of `GET /containers/json`. */
export interface ContainerSummary {
  Id: string;
  /** Each with a leading slash. */
  Names: Nullable<string[]>;
  Image: string;
  ImageID: string;
  ImageManifestDescriptor?: OciDescriptor;
  Command: string;
  /** Seconds since the epoch. */
  Created: number;
  Ports: Nullable<PortSummary[]>;
  SizeRw?: number;
  SizeRootFs?: number;
  Labels: Nullable<StringMap>;
  State: ContainerStatus;
  /** For people: `Up 2 minutes (healthy)`. */
  Status: string;
  HostConfig: { NetworkMode?: string; Annotations?: Nullable<StringMap> };
  NetworkSettings: Nullable<{ Networks: Nullable<Record<string, EndpointSettings>> }>;
  Mounts: Nullable<MountPoint[]>;
}

export interface HealthcheckResult {
  Start: string;
  End: string;
  ExitCode: number;
  Output: string;
}

export interface Health {
  Status: 'none' | 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  Log: Nullable<HealthcheckResult[]>;
}

/** Times are RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` means never. */
export interface ContainerState {
  Status: ContainerStatus;
  Running: boolean;
  Paused: boolean;
  Restarting: boolean;
  OOMKilled: boolean;
  Dead: boolean;
  Pid: number;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
  Health?: Nullable<Health>;
}

export interface NetworkSettings {
  Bridge: string;
  SandboxID: string;
  SandboxKey: string;
  Ports: Nullable<PortMap>;
  HairpinMode: boolean;
  LinkLocalIPv6Address: string;
  LinkLocalIPv6PrefixLen: number;
  SecondaryIPAddresses: Nullable<{ Addr: string; PrefixLen: number }[]>;
  SecondaryIPv6Addresses: Nullable<{ Addr: string; PrefixLen: number }[]>;
  EndpointID: string;
  Gateway: string;
  GlobalIPv6Address: string;
  GlobalIPv6PrefixLen: number;
  IPAddress: string;
  IPPrefixLen: number;
  IPv6Gateway: string;
  MacAddress: string;
  Networks: Nullable<Record<string, EndpointSettings>>;
}

export interface GraphDriver {
  Name: string;
  Data: Nullable<StringMap>;
}

/** `GET /containers/ID/json`. Sizes only when asked for (`size=1`). */
export interface ContainerInspect {
  Id: string;
  Created: string;
  Path: string;
  Args: string[];
  State: ContainerState;
  Image: string;
  ResolvConfPath: string;
  HostnamePath: string;
  HostsPath: string;
  LogPath: string;
  /** With a leading slash. */
  Name: string;
  RestartCount: number;
  Driver: string;
  Platform: string;
  MountLabel: string;
  ProcessLabel: string;
  AppArmorProfile: string;
  ExecIDs: Nullable<string[]>;
  HostConfig: HostConfig;
  GraphDriver: GraphDriver;
  SizeRw?: number;
  SizeRootFs?: number;
  ImageManifestDescriptor?: OciDescriptor;
  Mounts: MountPoint[];
  Config: ContainerConfig;
  NetworkSettings: NetworkSettings;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** `POST /containers/ID/wait`: headers are sent once the wait is in place, the body at the end. */
export interface ContainerWaitResponse {
  StatusCode: number;
  Error?: Nullable<{ Message: string }>;
}

/** `GET /containers/ID/top`. */
export interface ContainerTopResponse {
  Titles: string[];
  Processes: string[][];
}

/** `GET /containers/ID/changes`. Kind: 0 modified, 1 added, 2 deleted. */
export interface FilesystemChange {
  Path: string;
  Kind: 0 | 1 | 2;
}

/** `POST /containers/ID/update`. */
export interface ContainerUpdateRequest extends Resources {
  RestartPolicy?: RestartPolicy;
}

export interface ContainerUpdateResponse {
  Warnings: Nullable<string[]>;
}

export interface ContainerPruneResponse extends PruneReport {
  ContainersDeleted: Nullable<string[]>;
}
