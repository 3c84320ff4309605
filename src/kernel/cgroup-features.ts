import { existsSync, readdirSync } from 'node:fs';
import { type CgroupLayout, hierarchyOf } from './cgroup-layout.ts';

/** Which limits this host can put into force; what is false must be dropped with a warning or refused, not asked for. */
export interface CgroupFeatures {
  readonly memoryLimit: boolean;
  readonly memoryReservation: boolean;
  readonly swapLimit: boolean;
  readonly swappiness: boolean;
  readonly oomKillDisable: boolean;
  readonly kernelMemoryTcp: boolean;
  readonly cpuShares: boolean;
  /** Quota and period. */
  readonly cpuQuota: boolean;
  readonly cpuRealtime: boolean;
  readonly cpuset: boolean;
  readonly pidsLimit: boolean;
  readonly blockIoWeight: boolean;
  readonly blockIoWeightDevice: boolean;
  readonly blockIoThrottle: boolean;
  readonly hugepages: boolean;
  readonly devices: boolean;
}

/** Looks which controllers the host has, and which of their files exist in a cgroup that is not the root. */
export function detectFeatures(layout: CgroupLayout): CgroupFeatures {
  return layout.version === 2 ? featuresV2(layout) : featuresV1(layout);
}

function featuresV1(layout: CgroupLayout): CgroupFeatures {
  const has = (controller: string, file?: string): boolean => {
    const hierarchy = hierarchyOf(layout, controller);
    return hierarchy !== undefined && (file === undefined || existsSync(`${hierarchy.mountPoint}/${file}`));
  };
  // The weights are in every cgroup but the root, so a child has to be asked; without one BFQ's statistics tell.
  const weight = has('blkio', 'blkio.weight') || has('blkio', 'blkio.bfq.io_service_bytes');
  return {
    memoryLimit: has('memory'),
    memoryReservation: has('memory', 'memory.soft_limit_in_bytes'),
    swapLimit: has('memory', 'memory.memsw.limit_in_bytes'),
    swappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    kernelMemoryTcp: has('memory', 'memory.kmem.tcp.limit_in_bytes'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuQuota: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_runtime_us'),
    cpuset: has('cpuset'),
    pidsLimit: has('pids'),
    blockIoWeight: weight,
    blockIoWeightDevice: weight,
    blockIoThrottle: has('blkio', 'blkio.throttle.read_bps_device'),
    hugepages: has('hugetlb'),
    devices: has('devices'),
  };
}

function featuresV2(layout: CgroupLayout & { version: 2 }): CgroupFeatures {
  const has = (controller: string): boolean => layout.controllers.includes(controller);
  const childHas = (file: string): boolean =>
    readdirSync(layout.mountPoint, { withFileTypes: true }).some(
      (entry) => entry.isDirectory() && existsSync(`${layout.mountPoint}/${entry.name}/${file}`),
    );
  // io.weight is in every cgroup but the root; where there is one, the root has iocost's own files.
  const weight = has('io') && (existsSync(`${layout.mountPoint}/io.cost.qos`) || childHas('io.bfq.weight'));
  return {
    memoryLimit: has('memory'),
    memoryReservation: has('memory'),
    // memory.swap.max comes with CONFIG_SWAP, as /proc/swaps does.
    swapLimit: has('memory') && existsSync('/proc/swaps'),
    swappiness: false,
    oomKillDisable: false,
    kernelMemoryTcp: false,
    cpuShares: has('cpu'),
    cpuQuota: has('cpu'),
    cpuRealtime: false,
    cpuset: has('cpuset'),
    pidsLimit: has('pids'),
    blockIoWeight: weight,
    blockIoWeightDevice: weight,
    blockIoThrottle: has('io'),
    hugepages: has('hugetlb'),
    devices: true,
  };
}
