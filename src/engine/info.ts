import type { Engine } from './engine.ts';

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
  readonly limits: {
    readonly memory: boolean;
    readonly swap: boolean;
    readonly cpuCfs: boolean;
    readonly cpuShares: boolean;
    readonly cpuset: boolean;
    readonly pids: boolean;
    readonly oomKillDisable: boolean;
  };
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

export function engineInfo(_engine: Engine): EngineInfo {
  throw new Error('pending');
}
