/**
 * What a container's cgroup allows: `linux.resources` of the OCI runtime spec (config-linux.md#control-groups), field for
 * field. Absent means "leave as it is". The same shape serves cgroup v1 and v2; the plans translate.
 */
export interface CgroupLimits {
  readonly devices?: readonly DeviceRule[];
  readonly memory?: MemoryLimits;
  readonly cpu?: CpuLimits;
  /** 0 or less: unlimited. */
  readonly pids?: { readonly limit: number };
  readonly blockIO?: BlockIoLimits;
  /** `pageSize` as in sysfs: `2MB`, `1GB`; bytes. */
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  /** v1 only. */
  readonly network?: {
    readonly classID?: number;
    readonly priorities?: readonly { readonly name: string; readonly priority: number }[];
  };
  /** Files of cgroup v2 with the value to write; v2 only. */
  readonly unified?: Readonly<Record<string, string>>;
}

/** Rules apply in order: for each kind of access the last rule that matches decides; none allows nothing. */
export interface DeviceRule {
  readonly allow: boolean;
  /** Absent or `a`: block and character devices alike. */
  readonly type?: 'a' | 'c' | 'b';
  /** Absent or -1: any. */
  readonly major?: number;
  readonly minor?: number;
  /** Of `r`, `w`, `m` (mknod); absent means all three. */
  readonly access?: string;
}

export interface MemoryLimits {
  /** Bytes; -1 unlimited, as in the next two. 0 counts as absent. */
  readonly limit?: number;
  readonly reservation?: number;
  /** Memory and swap together. */
  readonly swap?: number;
  /** Gone from Linux since 5.4 (v1) and never in v2: has no effect. */
  readonly kernel?: number;
  readonly kernelTCP?: number;
  /** 0…100. v1 only. */
  readonly swappiness?: number;
  /** v1 only. */
  readonly disableOOMKiller?: boolean;
}

export interface CpuLimits {
  /** Relative weight on the scale of v1: 2…262144, 1024 is normal. 0 counts as absent. */
  readonly shares?: number;
  /** Microseconds of CPU time in each period; 0 or less: unlimited. */
  readonly quota?: number;
  /** Microseconds. */
  readonly period?: number;
  readonly burst?: number;
  /** Microseconds of real-time scheduling. v1 only. */
  readonly realtimeRuntime?: number;
  readonly realtimePeriod?: number;
  /** Lists such as `0-3,7`. */
  readonly cpus?: string;
  readonly mems?: string;
  /** 1: only when nobody else wants the CPU. */
  readonly idle?: number;
}

export interface BlockIoLimits {
  /** 10…1000. 0 counts as absent. */
  readonly weight?: number;
  /** Gone from Linux since 5.0: refused. */
  readonly leafWeight?: number;
  readonly weightDevice?: readonly DeviceWeight[];
  /** Bytes or operations per second; 0 lifts the limit. */
  readonly throttleReadBpsDevice?: readonly DeviceRate[];
  readonly throttleWriteBpsDevice?: readonly DeviceRate[];
  readonly throttleReadIOPSDevice?: readonly DeviceRate[];
  readonly throttleWriteIOPSDevice?: readonly DeviceRate[];
}

export interface DeviceWeight {
  readonly major: number;
  readonly minor: number;
  readonly weight?: number;
  readonly leafWeight?: number;
}

export interface DeviceRate {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}
