import { EngineError } from '../base/errors.ts';
import { parseCpuset } from '../formats/cpuset.ts';
import { discardUnsupported, type SettledResources } from './discard-unsupported.ts';
import type { HostFacts } from './host.ts';
import type { ResourceSettings } from './settings.ts';

type Facts = Pick<HostFacts, 'features' | 'onlineCpus' | 'onlineMems'>;

const MIN_MEMORY = 6 << 20;

/**
 * Measures limits against the host: those its kernel lacks are taken off with a warning, impossible ones are `invalid`, both
 * in Docker's words. For creating (`update` false) and for changing a container.
 */
export function settleResources(wanted: ResourceSettings, host: Facts, update = false): SettledResources {
  checkMemory(wanted, update);
  checkCpu(wanted, parseCpuset(host.onlineCpus, 'online CPUs').length);
  if (nanoCpusUnsupported(wanted, host)) {
    throw invalid(
      'NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted',
    );
  }
  checkCpusets(wanted, host);
  const { blkioWeight = 0 } = wanted;
  if (blkioWeight !== 0 && (blkioWeight < 10 || blkioWeight > 1000)) {
    throw invalid('Range of blkio weight is from 10 to 1000');
  }
  return discardUnsupported(wanted, host.features);
}

function invalid(message: string): EngineError {
  return new EngineError('invalid', message);
}

function nanoCpusUnsupported({ nanoCpus = 0 }: ResourceSettings, { features }: Facts): boolean {
  return nanoCpus > 0 && !features.cpuQuota;
}

function checkMemory(wanted: ResourceSettings, update: boolean): void {
  const { memory = 0, memorySwap = 0, memoryReservation = 0, memorySwappiness = -1 } = wanted;
  if (memory !== 0 && memory < MIN_MEMORY) throw invalid('Minimum memory limit allowed is 6MB');
  if (memory > 0 && memorySwap > 0 && memorySwap < memory) {
    throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memory === 0 && memorySwap > 0 && !update) {
    throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  }
  if (memorySwappiness < -1 || memorySwappiness > 100) {
    throw invalid(`Invalid value: ${memorySwappiness}, valid memory swappiness range is 0-100`);
  }
  if (memoryReservation !== 0 && memoryReservation < MIN_MEMORY) {
    throw invalid('Minimum memory reservation allowed is 6MB');
  }
  if (memory > 0 && memory < memoryReservation) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
}

function checkCpu(wanted: ResourceSettings, cpus: number): void {
  const { nanoCpus = 0, cpuPeriod = 0, cpuQuota = 0, cpuShares = 0 } = wanted;
  if (nanoCpus > 0 && cpuPeriod > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  }
  if (nanoCpus > 0 && cpuQuota > 0) {
    throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  }
  if (nanoCpus < 0 || nanoCpus > cpus * 1e9) {
    throw invalid(`Range of CPUs is from 0.01 to ${cpus}.00, as there are only ${cpus} CPUs available`);
  }
  if (cpuPeriod !== 0 && (cpuPeriod < 1000 || cpuPeriod > 1_000_000)) {
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  }
  if (cpuQuota > 0 && cpuQuota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (cpuShares < 0) throw invalid('shares: invalid argument');
}

function checkCpusets(wanted: ResourceSettings, host: Facts): void {
  const { cpusetCpus = '', cpusetMems = '' } = wanted;
  const missing = (list: string, available: string, what: string): boolean => {
    const there = parseCpuset(available, what);
    return parseCpuset(list, what).some((each) => !there.includes(each));
  };
  if (missing(cpusetCpus, host.onlineCpus, 'cpuset cpus')) {
    throw invalid(
      `Requested CPUs are not available - requested ${cpusetCpus}, available: ${host.onlineCpus}`,
    );
  }
  if (missing(cpusetMems, host.onlineMems, 'cpuset mems')) {
    throw invalid(
      `Requested memory nodes are not available - requested ${cpusetMems}, available: ${host.onlineMems}`,
    );
  }
}
