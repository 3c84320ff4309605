import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CgroupFeatures } from '../kernel/cgroup-features.ts';
import { settleResources } from './check-resources.ts';
import { discardUnsupported } from './discard-unsupported.ts';
import type { ResourceSettings } from './settings.ts';

const MB = 1 << 20;

function features(all: boolean, but: Partial<CgroupFeatures> = {}): CgroupFeatures {
  return {
    memoryLimit: all,
    memoryReservation: all,
    swapLimit: all,
    swappiness: all,
    oomKillDisable: all,
    kernelMemoryTcp: all,
    cpuShares: all,
    cpuQuota: all,
    cpuRealtime: all,
    cpuset: all,
    pidsLimit: all,
    blockIoWeight: all,
    blockIoWeightDevice: all,
    blockIoThrottle: all,
    hugepages: all,
    devices: all,
    ...but,
  };
}
const host = { features: features(true), onlineCpus: '0-1', onlineMems: '0' };

const refused: readonly { wanted: ResourceSettings; update?: boolean; want: RegExp | undefined }[] = [
  { wanted: { memory: 6 * MB - 1 }, want: /^Minimum memory limit allowed is 6MB/ },
  { wanted: { memory: 6 * MB }, want: undefined },
  { wanted: { memory: 8 * MB, memorySwap: 7 * MB }, want: /memoryswap limit should be larger/ },
  { wanted: { memory: 8 * MB, memorySwap: -1 }, want: undefined },
  { wanted: { memorySwap: 8 * MB }, want: /always set the Memory limit/ },
  { wanted: { memorySwap: 8 * MB }, update: true, want: undefined },
  { wanted: { memorySwappiness: 101 }, want: /valid memory swappiness range is 0-100/ },
  { wanted: { memoryReservation: MB }, want: /Minimum memory reservation allowed is 6MB/ },
  { wanted: { memory: 8 * MB, memoryReservation: 9 * MB }, want: /less than memory reservation/ },
  { wanted: { nanoCpus: 1, cpuPeriod: 1000 }, want: /Nano CPUs and CPU Period/ },
  { wanted: { nanoCpus: 1, cpuQuota: 1000 }, want: /Nano CPUs and CPU Quota/ },
  { wanted: { nanoCpus: 2e9 }, want: undefined },
  { wanted: { nanoCpus: 2e9 + 1 }, want: /^Range of CPUs is from 0.01 to 2.00/ },
  { wanted: { cpuPeriod: 999 }, want: /CPU cfs period/ },
  { wanted: { cpuPeriod: 1_000_001 }, want: /CPU cfs period/ },
  { wanted: { cpuQuota: 999 }, want: /CPU cfs quota/ },
  { wanted: { cpuShares: -1 }, want: /^shares: invalid argument/ },
  { wanted: { cpusetCpus: '0,1' }, want: undefined },
  {
    wanted: { cpusetCpus: '1-2' },
    want: /^Requested CPUs are not available - requested 1-2, available: 0-1/,
  },
  { wanted: { cpusetMems: '1' }, want: /^Requested memory nodes are not available/ },
  { wanted: { blkioWeight: 9 }, want: /blkio weight is from 10 to 1000/ },
  { wanted: { blkioWeight: 1001 }, want: /blkio weight is from 10 to 1000/ },
];
for (const { wanted, update = false, want } of refused) {
  test(`limits ${JSON.stringify(wanted)}${update ? ' of an update' : ''}`, () => {
    if (want) assert.throws(() => settleResources(wanted, host, update), { kind: 'invalid', message: want });
    else assert.deepEqual(settleResources(wanted, host, update), { resources: wanted, warnings: [] });
  });
}

test('limits: a share of CPUs without the CFS scheduler is refused', () => {
  const lacking = { ...host, features: features(true, { cpuQuota: false }) };
  assert.throws(() => settleResources({ nanoCpus: 1e9 }, lacking), {
    kind: 'invalid',
    message: /^NanoCPUs can not/,
  });
});

const rate = [{ path: '/dev/vda', rate: 1 }];
const discarded: readonly { wanted: ResourceSettings; warning: RegExp }[] = [
  { wanted: { memory: 8 * MB, memorySwap: 9 * MB }, warning: /memory limit capabilities/ },
  { wanted: { memorySwappiness: 0 }, warning: /Memory swappiness discarded/ },
  { wanted: { memoryReservation: 8 * MB }, warning: /memory soft limit/ },
  { wanted: { oomKillDisable: true }, warning: /OomKillDisable discarded/ },
  { wanted: { cpuShares: 2 }, warning: /Shares discarded/ },
  { wanted: { cpuPeriod: 1000, cpuQuota: 1000 }, warning: /CPU period\/quota discarded/ },
  { wanted: { cpusetCpus: '0', cpusetMems: '0' }, warning: /Cpuset discarded/ },
  { wanted: { pidsLimit: 5 }, warning: /PIDs limit discarded/ },
  { wanted: { blkioWeight: 10 }, warning: /Weight discarded/ },
  { wanted: { blkioDeviceReadBps: rate }, warning: /BPS read limit discarded/ },
  { wanted: { blkioDeviceWriteBps: rate }, warning: /BPS write limit discarded/ },
  { wanted: { blkioDeviceReadIops: rate }, warning: /IOPS read limit discarded/ },
  { wanted: { blkioDeviceWriteIops: rate }, warning: /IOPS write limit discarded/ },
];
for (const { wanted, warning } of discarded) {
  test(`limits ${JSON.stringify(wanted)} on a kernel without`, () => {
    const { resources, warnings } = discardUnsupported({ ...wanted }, features(false));
    assert.deepEqual(resources, {});
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), warning);
    assert.deepEqual(discardUnsupported(wanted, features(true)), { resources: wanted, warnings: [] });
  });
}

test('limits: memory without a limit of swap lets all of it be used', () => {
  const { resources, warnings } = discardUnsupported(
    { memory: 8 * MB },
    features(true, { swapLimit: false }),
  );
  assert.deepEqual(resources, { memory: 8 * MB, memorySwap: -1 });
  assert.match(warnings.join(), /Memory limited without swap/);
});
