import type { CgroupFeatures } from '../kernel/cgroup-features.ts';
import type { ResourceSettings } from './settings.ts';

/** Limits that this host can keep, and what Docker says about those it cannot. */
export interface SettledResources {
  readonly resources: ResourceSettings;
  readonly warnings: readonly string[];
}

type Settings = { -readonly [K in keyof ResourceSettings]: ResourceSettings[K] };

/** A limit the kernel may lack: how to see that it was asked for, how to take it off, and Docker's words for that. */
interface Optional {
  readonly supported: boolean;
  readonly asked: (wanted: ResourceSettings) => boolean;
  readonly discard: (settings: Settings) => void;
  readonly warning: string;
}

/** Takes off what the kernel has no control for. */
export function discardUnsupported(wanted: ResourceSettings, features: CgroupFeatures): SettledResources {
  const resources: Settings = { ...wanted };
  const discarded = optionalLimits(features).filter((limit) => !limit.supported && limit.asked(resources));
  for (const { discard } of discarded) discard(resources);
  return { resources, warnings: discarded.map(({ warning }) => warning) };
}

const NOT_MOUNTED = 'or the cgroup is not mounted.';

function optionalLimits(features: CgroupFeatures): Optional[] {
  return [
    ...optionalMemory(features),
    ...optionalCpu(features),
    {
      supported: features.pidsLimit,
      asked: ({ pidsLimit = 0 }) => pidsLimit > 0,
      discard: (settings) => delete settings.pidsLimit,
      warning: `Your kernel does not support PIDs limit capabilities ${NOT_MOUNTED} PIDs limit discarded.`,
    },
    ...optionalBlockIo(features),
  ];
}

function optionalMemory(features: CgroupFeatures): Optional[] {
  return [
    {
      supported: features.memoryLimit,
      asked: ({ memory = 0 }) => memory > 0,
      discard: (settings) => {
        delete settings.memory;
        delete settings.memorySwap;
      },
      warning: `Your kernel does not support memory limit capabilities ${NOT_MOUNTED} Limitation discarded.`,
    },
    {
      supported: features.swapLimit || !features.memoryLimit,
      asked: ({ memory = 0, memorySwap = 0 }) => memory > 0 && memorySwap !== -1,
      discard: (settings) => {
        settings.memorySwap = -1;
      },
      warning: `Your kernel does not support swap limit capabilities ${NOT_MOUNTED} Memory limited without swap.`,
    },
    {
      supported: features.swappiness,
      asked: ({ memorySwappiness = -1 }) => memorySwappiness >= 0,
      discard: (settings) => delete settings.memorySwappiness,
      warning: `Your kernel does not support memory swappiness capabilities ${NOT_MOUNTED} Memory swappiness discarded.`,
    },
    {
      supported: features.memoryReservation,
      asked: ({ memoryReservation = 0 }) => memoryReservation > 0,
      discard: (settings) => delete settings.memoryReservation,
      warning: `Your kernel does not support memory soft limit capabilities ${NOT_MOUNTED} Limitation discarded.`,
    },
    {
      supported: features.oomKillDisable,
      asked: ({ oomKillDisable = false }) => oomKillDisable,
      discard: (settings) => delete settings.oomKillDisable,
      warning: 'Your kernel does not support OomKillDisable. OomKillDisable discarded.',
    },
  ];
}

function optionalCpu(features: CgroupFeatures): Optional[] {
  return [
    {
      supported: features.cpuShares,
      asked: ({ cpuShares = 0 }) => cpuShares > 0,
      discard: (settings) => delete settings.cpuShares,
      warning: `Your kernel does not support CPU shares ${NOT_MOUNTED} Shares discarded.`,
    },
    {
      supported: features.cpuQuota,
      asked: ({ cpuPeriod = 0, cpuQuota = 0 }) => cpuPeriod !== 0 || cpuQuota !== 0,
      discard: (settings) => {
        delete settings.cpuPeriod;
        delete settings.cpuQuota;
      },
      warning: 'Your kernel does not support CPU CFS scheduler. CPU period/quota discarded.',
    },
    {
      supported: features.cpuset,
      asked: ({ cpusetCpus = '', cpusetMems = '' }) => cpusetCpus + cpusetMems !== '',
      discard: (settings) => {
        delete settings.cpusetCpus;
        delete settings.cpusetMems;
      },
      warning: `Your kernel does not support cpuset ${NOT_MOUNTED} Cpuset discarded.`,
    },
  ];
}

function optionalBlockIo(features: CgroupFeatures): Optional[] {
  const throttle = (
    key: 'blkioDeviceReadBps' | 'blkioDeviceWriteBps' | 'blkioDeviceReadIops' | 'blkioDeviceWriteIops',
    needs: string,
    discarded: string,
  ): Optional => ({
    supported: features.blockIoThrottle,
    asked: (wanted) => (wanted[key] ?? []).length > 0,
    discard: (settings) => delete settings[key],
    warning: `Your kernel does not support ${needs} ${NOT_MOUNTED} Block I/O ${discarded} limit discarded.`,
  });
  return [
    {
      supported: features.blockIoWeight,
      asked: ({ blkioWeight = 0 }) => blkioWeight > 0,
      discard: (settings) => delete settings.blkioWeight,
      warning: `Your kernel does not support Block I/O weight ${NOT_MOUNTED} Weight discarded.`,
    },
    {
      supported: features.blockIoWeightDevice,
      asked: ({ blkioWeightDevice = [] }) => blkioWeightDevice.length > 0,
      discard: (settings) => delete settings.blkioWeightDevice,
      warning: `Your kernel does not support Block I/O weight_device ${NOT_MOUNTED} Weight-device discarded.`,
    },
    throttle('blkioDeviceReadBps', 'BPS Block I/O read limit', 'BPS read'),
    throttle('blkioDeviceWriteBps', 'BPS Block I/O write limit', 'BPS write'),
    throttle('blkioDeviceReadIops', 'IOPS Block read limit', 'IOPS read'),
    throttle('blkioDeviceWriteIops', 'IOPS Block write limit', 'IOPS write'),
  ];
}
