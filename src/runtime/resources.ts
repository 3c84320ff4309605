import type { HostLookups } from './host-lookups.ts';
import type { ResourceSettings, ThrottleSettings } from './settings.ts';
import type { BlockIo, BlockIoThrottle, CpuResources, MemoryResources, Resources } from './spec.ts';

/** Microseconds; what a fraction of a CPU is counted in. */
const PERIOD = 100_000;

/**
 * Docker's limits as OCI resources (device rules come from {@link file://./devices.ts}). They are taken to have been checked.
 * Throws `invalid` for a block device that is none.
 */
export function resourcesOf(
  settings: ResourceSettings,
  host: Pick<HostLookups, 'devicesAt'>,
): Omit<Resources, 'devices'> {
  const { pidsLimit } = settings;
  const memory = memoryOf(settings);
  const cpu = cpuOf(settings);
  const blockIO = blockIoOf(settings, host);
  return {
    ...(!isEmpty(memory) && { memory }),
    ...(!isEmpty(cpu) && { cpu }),
    ...(!isEmpty(blockIO) && { blockIO }),
    ...(pidsLimit !== undefined && { pids: { limit: pidsLimit > 0 ? pidsLimit : -1 } }),
  };
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function memoryOf(settings: ResourceSettings): MemoryResources {
  const { memory = 0, memoryReservation = 0, memorySwappiness = -1 } = settings;
  const swap = swapOf(memory, settings.memorySwap ?? 0);
  return {
    ...(memory > 0 && { limit: memory }),
    ...(memoryReservation > 0 && { reservation: memoryReservation }),
    ...(swap !== 0 && { swap }),
    ...(memorySwappiness >= 0 && { swappiness: memorySwappiness }),
    ...(settings.oomKillDisable && { disableOOMKiller: true }),
  };
}

/** A container with a memory limit may swap as much again unless it says otherwise. */
function swapOf(memory: number, swap: number): number {
  return memory > 0 && swap === 0 ? memory * 2 : swap;
}

function cpuOf(settings: ResourceSettings): CpuResources {
  const { cpuShares = 0, nanoCpus = 0, cpusetCpus = '', cpusetMems = '' } = settings;
  const { cpuRealtimePeriod = 0, cpuRealtimeRuntime = 0 } = settings;
  const period = settings.cpuPeriod || (nanoCpus > 0 ? PERIOD : 0);
  const quota = settings.cpuQuota || Math.trunc((nanoCpus * PERIOD) / 1e9);
  return {
    ...(cpuShares > 0 && { shares: cpuShares }),
    ...(period !== 0 && { period }),
    ...(quota !== 0 && { quota }),
    ...(cpuRealtimePeriod !== 0 && { realtimePeriod: cpuRealtimePeriod }),
    ...(cpuRealtimeRuntime !== 0 && { realtimeRuntime: cpuRealtimeRuntime }),
    ...(cpusetCpus !== '' && { cpus: cpusetCpus }),
    ...(cpusetMems !== '' && { mems: cpusetMems }),
  };
}

function blockIoOf(settings: ResourceSettings, host: Pick<HostLookups, 'devicesAt'>): BlockIo {
  const numbers = (path: string): { major: number; minor: number } => {
    const { major = 0, minor = 0 } = host.devicesAt(path)[0] ?? {};
    return { major, minor };
  };
  const rates = (list: readonly ThrottleSettings[] = []): BlockIoThrottle[] =>
    list.map(({ path, rate }) => ({ ...numbers(path), rate }));
  const { blkioWeight = 0, blkioWeightDevice = [] } = settings;
  const lists = {
    weightDevice: blkioWeightDevice.map(({ path, weight }) => ({ ...numbers(path), weight })),
    throttleReadBpsDevice: rates(settings.blkioDeviceReadBps),
    throttleWriteBpsDevice: rates(settings.blkioDeviceWriteBps),
    throttleReadIOPSDevice: rates(settings.blkioDeviceReadIops),
    throttleWriteIOPSDevice: rates(settings.blkioDeviceWriteIops),
  };
  const filled = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  return { ...(blkioWeight > 0 && { weight: blkioWeight }), ...filled };
}
