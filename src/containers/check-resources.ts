import { EngineError } from '../base/errors.ts';
import type { Resources } from './host-config.ts';

const MIN_MEMORY = 6 << 20;

/** What of the host the limits are measured against. */
export interface HostLimits {
  readonly cpus: number;
}

/** Checks the limits of a request against each other, in Docker's words. Throws `invalid`. */
export function checkResources(resources: Resources, host: HostLimits): void {
  checkMemory(resources);
  checkCpu(resources, host);
  checkBlkio(resources);
}

function require(holds: boolean, message: string): void {
  if (!holds) throw new EngineError('invalid', message);
}

function checkMemory(r: Resources): void {
  require(r.memory === 0 || r.memory >= MIN_MEMORY, 'Minimum memory limit allowed is 6MB');
  require(r.memory <= 0 ||
    r.memorySwap <= 0 ||
    r.memorySwap >= r.memory, 'Minimum memoryswap limit should be larger than memory limit, see usage');
  require(r.memory !== 0 ||
    r.memorySwap <= 0, 'You should always set the Memory limit when using Memoryswap limit, see usage');
  const swappiness = r.memorySwappiness ?? -1;
  require(swappiness >= -1 &&
    swappiness <= 100, `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  require(r.memoryReservation === 0 ||
    r.memoryReservation >= MIN_MEMORY, 'Minimum memory reservation allowed is 6MB');
  require(r.memory === 0 ||
    r.memoryReservation <=
      r.memory, 'Minimum memory limit can not be less than memory reservation limit, see usage');
}

function checkCpu(r: Resources, host: HostLimits): void {
  const conflict = (other: string): string =>
    `Conflicting options: Nano CPUs and CPU ${other} cannot both be set.`;
  require(r.nanoCpus === 0 || r.cpuPeriod === 0, conflict('Period'));
  require(r.nanoCpus === 0 || r.cpuQuota === 0, conflict('Quota'));
  require(r.nanoCpus === 0 ||
    (r.nanoCpus >= 1e7 &&
      r.nanoCpus <=
        host.cpus *
          1e9), `Range of CPUs is from 0.01 to ${host.cpus}.00, as there are only ${host.cpus} CPUs available`);
  require(r.cpuPeriod === 0 ||
    (r.cpuPeriod >= 1000 &&
      r.cpuPeriod <=
        1_000_000), 'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  require(r.cpuQuota <= 0 || r.cpuQuota >= 1000, 'CPU cfs quota can not be less than 1ms (i.e. 1000)');
  require(r.cpuShares >= 0, `invalid CPU shares: ${r.cpuShares}: must not be negative`);
  require(r.cpuRealtimeRuntime === 0 ||
    r.cpuRealtimePeriod === 0 ||
    r.cpuRealtimeRuntime <=
      r.cpuRealtimePeriod, 'cpu real-time runtime cannot be higher than cpu real-time period');
}

function checkBlkio(r: Resources): void {
  require(r.blkioWeight === 0 ||
    (r.blkioWeight >= 10 && r.blkioWeight <= 1000), 'Range of blkio weight is from 10 to 1000');
}
