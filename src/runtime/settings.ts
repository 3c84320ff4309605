/**
 * What decides a container's OCI spec, in the domain's own terms: the image's config and the user's host config already
 * merged, volumes already resolved to host directories, other containers already resolved to namespace paths. The engine
 * maps Docker's `Config` and `HostConfig` onto this; {@link file://./default-spec.ts} turns it into a spec.
 */
export interface ContainerSettings {
  /** 64 hex digits. */
  readonly id: string;
  readonly process: ProcessSettings;
  readonly hostname: string;
  readonly domainname: string;
  readonly namespaces: NamespaceSettings;
  readonly security: SecuritySettings;
  readonly mounts: readonly MountSettings[];
  /** `--read-only`. */
  readonly readonlyRootfs: boolean;
  /** Size of /dev/shm in bytes; 0 means 64 MiB. */
  readonly shmSize: number;
  readonly devices: DeviceSettings;
  /** As typed; checked against the namespaces in {@link file://./sysctls.ts}. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly ulimits: readonly Ulimit[];
  readonly resources: ResourceSettings;
  /** `--cgroup-parent`; empty for the daemon's own default. */
  readonly cgroupParent: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hooks?: HookSettings;
}

export interface ProcessSettings {
  /** Entrypoint and command, joined; never empty. */
  readonly args: readonly string[];
  /** Image's and user's `KEY=value`, later entries win; a bare `KEY` removes it. */
  readonly env: readonly string[];
  /** Empty means `/`. Made at start when it does not exist. */
  readonly cwd: string;
  /** `user[:group]`, names or numbers; resolved at the start barrier against the container's own passwd. */
  readonly user: string;
  /** `--group-add`, names or numbers. */
  readonly groupAdd: readonly string[];
  readonly tty: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  /** Host path of the init program of `--init`; bind-mounted at /sbin/docker-init and put before `args`. */
  readonly initPath?: string;
  readonly oomScoreAdj: number;
  /** Octal value; Docker's default is 0o022. */
  readonly umask?: number;
}

/** A new namespace, the host's, or the one at a path such as `/proc/4711/ns/net`. */
export type NamespaceMode =
  | { readonly kind: 'private' | 'host' }
  | { readonly kind: 'path'; readonly path: string };

export interface NamespaceSettings {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly uts: NamespaceMode;
  readonly cgroup: NamespaceMode;
  readonly ipc: IpcMode;
  /** Absent: the daemon's user namespace. */
  readonly user?: UserNamespace;
}

export interface UserNamespace {
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
}

export interface IdMapping {
  readonly containerId: number;
  readonly hostId: number;
  readonly size: number;
}

/**
 * `private`: own namespace and /dev/shm; `none`: own namespace, no /dev/shm; `shareable`: like private, but /dev/shm is the
 * directory `shmPath` of the host, so that others can join; `path`: the namespace and /dev/shm of such another container.
 */
export type IpcMode =
  | { readonly kind: 'private' | 'none' | 'host' }
  | { readonly kind: 'shareable'; readonly shmPath: string }
  | { readonly kind: 'path'; readonly path: string; readonly shmPath: string };

export interface SecuritySettings {
  readonly privileged: boolean;
  /** As typed: `NET_ADMIN`, `CAP_NET_ADMIN`, `ALL`, any case. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** `--security-opt` strings as the API carries them: `seccomp={…}`, `no-new-privileges`, `apparmor=x`, `label=…`, `systempaths=unconfined`. */
  readonly securityOpt: readonly string[];
  /** Absent: Docker's default lists. Docker's clients send empty lists for `systempaths=unconfined`. */
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
}

export type Propagation = 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';

/** A mount of the user's. Volumes arrive as binds of their directory. */
export type MountSettings =
  | {
      readonly kind: 'bind';
      /** Absolute host path that exists. */
      readonly source: string;
      /** Absolute path in the container. */
      readonly target: string;
      readonly readonly: boolean;
      /** Absent: `rprivate`. */
      readonly propagation?: Propagation;
      /** Bind only the directory itself, not the mounts below it. */
      readonly nonRecursive?: boolean;
      /** How far `readonly` reaches: the whole tree (`force` fails where the kernel cannot), or only the top mount. */
      readonly readonlyRecursion?: 'if-possible' | 'force' | 'top-only';
    }
  | {
      readonly kind: 'tmpfs';
      readonly target: string;
      /** Mount options as typed after the colon of `--tmpfs`: `rw,size=64m,mode=1777,…`. */
      readonly options: readonly string[];
      /** Bytes; absent: the kernel's default. */
      readonly size?: number;
      /** Octal value. */
      readonly mode?: number;
    };

export interface DeviceSettings {
  readonly devices: readonly DeviceMapping[];
  /** `--device-cgroup-rule`: `c 188:* rmw`. */
  readonly cgroupRules: readonly string[];
}

export interface DeviceMapping {
  /** A device node, or a directory of them. */
  readonly pathOnHost: string;
  readonly pathInContainer: string;
  /** Of `r`, `w`, `m`; empty means `rwm`. */
  readonly cgroupPermissions: string;
}

export interface Ulimit {
  /** Docker's name: `nofile`, `nproc` … */
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

/** Docker's HostConfig numbers under their own names; 0 (or empty, or absent) means "not set", as in the API. */
export interface ResourceSettings {
  /** Bytes. */
  readonly memory?: number;
  /** Memory plus swap in bytes; -1 unlimited; 0 means twice `memory`. */
  readonly memorySwap?: number;
  readonly memoryReservation?: number;
  /** 0 to 100; -1 or absent: inherit. */
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  readonly cpuShares?: number;
  /** Microseconds. */
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpuRealtimePeriod?: number;
  readonly cpuRealtimeRuntime?: number;
  /** 1e9 is one CPU. */
  readonly nanoCpus?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1 or 0: unlimited. */
  readonly pidsLimit?: number;
  /** 10 to 1000. */
  readonly blkioWeight?: number;
  readonly blkioWeightDevice?: readonly { readonly path: string; readonly weight: number }[];
  readonly blkioDeviceReadBps?: readonly ThrottleSettings[];
  readonly blkioDeviceWriteBps?: readonly ThrottleSettings[];
  readonly blkioDeviceReadIops?: readonly ThrottleSettings[];
  readonly blkioDeviceWriteIops?: readonly ThrottleSettings[];
}

export interface ThrottleSettings {
  readonly path: string;
  readonly rate: number;
}

/** OCI hooks of the daemon's (CDI); Docker's API has none. */
export type HookSettings = Readonly<
  Partial<
    Record<
      'prestart' | 'createRuntime' | 'createContainer' | 'startContainer' | 'poststart' | 'poststop',
      readonly {
        readonly path: string;
        readonly args?: readonly string[];
        readonly env?: readonly string[];
        /** Seconds. */
        readonly timeout?: number;
      }[]
    >
  >
>;
