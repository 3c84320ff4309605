import { EngineError } from '../base/errors.ts';
import type { BlockIoLimits, CgroupLimits, CpuLimits, DeviceRate, MemoryLimits } from './cgroup-limits.ts';
import { checkPageSize } from './cgroup-v1-plan.ts';
import { type CgroupWrite, unlessZero, writesOf } from './cgroup-write.ts';

/**
 * Limits as writes to the files of cgroup v2 (Documentation/admin-guide/cgroup-v2.rst), v1's scales converted as runc does.
 * Device rules are not among them: they become a program (device-program.ts). Throws `invalid` or `not-implemented` for
 * what v2 cannot do.
 */
export function planV2(limits: CgroupLimits): CgroupWrite[] {
  if (limits.network?.classID || limits.network?.priorities?.length) {
    throw notOnV2('resources.network (net_cls, net_prio)');
  }
  return [
    ...memoryWrites(limits.memory ?? {}),
    ...cpuWrites(limits.cpu ?? {}),
    ...writesOf('pids', [['pids.max', limits.pids && orMax(limits.pids.limit)]]),
    ...blockIoWrites(limits.blockIO ?? {}),
    ...(limits.hugepageLimits ?? []).flatMap(({ pageSize, limit }) =>
      writesOf('hugetlb', [[`hugetlb.${checkPageSize(pageSize)}.max`, limit]]),
    ),
    ...unifiedWrites(limits.unified ?? {}),
  ];
}

function memoryWrites(memory: MemoryLimits): CgroupWrite[] {
  if (memory.disableOOMKiller) throw notOnV2('memory.disableOOMKiller');
  if (memory.swappiness !== undefined && memory.swappiness !== -1) throw notOnV2('memory.swappiness');
  if (memory.kernelTCP) throw notOnV2('memory.kernelTCP');
  const limit = unlessZero(memory.limit);
  const reservation = unlessZero(memory.reservation);
  return writesOf('memory', [
    // The sum of both is what v1 limits: to raise or lower it, the order does not matter here.
    ['memory.swap.max', swapAlone(limit, unlessZero(memory.swap))],
    ['memory.max', limit === undefined ? undefined : orMax(limit)],
    ['memory.low', reservation === undefined ? undefined : orMax(reservation)],
  ]);
}

/** `memory.swap.max` counts swap alone where v1 counts memory and swap together. */
function swapAlone(limit: number | undefined, both: number | undefined): string | undefined {
  if (both === undefined) return limit === -1 ? 'max' : undefined;
  if (both < 0) return 'max';
  if (limit === undefined || limit < 0) {
    throw new EngineError(
      'invalid',
      'memory.swap needs memory.limit: cgroup v2 limits swap apart from memory',
    );
  }
  if (both < limit)
    throw new EngineError('invalid', `memory.swap ${both} is less than memory.limit ${limit}`);
  return String(both - limit);
}

function cpuWrites(cpu: CpuLimits): CgroupWrite[] {
  if (cpu.realtimeRuntime || cpu.realtimePeriod) throw notOnV2('cpu.realtimeRuntime and cpu.realtimePeriod');
  const shares = unlessZero(cpu.shares);
  return [
    ...writesOf('cpuset', [
      ['cpuset.cpus', cpu.cpus || undefined],
      ['cpuset.mems', cpu.mems || undefined],
    ]),
    ...writesOf('cpu', [
      ['cpu.idle', cpu.idle],
      ['cpu.weight', cpu.idle === 1 || shares === undefined ? undefined : weightOfShares(shares)],
      ['cpu.max', cpuMax(unlessZero(cpu.quota), unlessZero(cpu.period))],
      ['cpu.max.burst', unlessZero(cpu.burst)],
    ]),
  ];
}

/** `$MAX $PERIOD`; without a period the one in force stays. */
function cpuMax(quota: number | undefined, period: number | undefined): string | undefined {
  if (quota === undefined && period === undefined) return undefined;
  const max = quota === undefined || quota < 0 ? 'max' : String(quota);
  return period === undefined ? max : `${max} ${period}`;
}

/**
 * v1's 2…262144 onto v2's 1…10000 so that the ends and the normal values (1024, 100) meet: the parabola through those three
 * points on a double logarithmic scale.
 */
export function weightOfShares(shares: number): number {
  const log = Math.log2(Math.min(Math.max(shares, 2), 262144));
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/** v1's 10…1000 onto v2's 1…10000. */
export function ioWeightOf(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

/** BFQ keeps a weight of its own, on v1's scale, and goes before the generic one, which iocost needs. */
function ioWeight(device: string, weight: number): CgroupWrite {
  const otherwise = { file: 'io.weight', value: `${device} ${ioWeightOf(weight)}` };
  return { controller: 'io', file: 'io.bfq.weight', value: `${device} ${weight}`, otherwise };
}

function blockIoWrites(io: BlockIoLimits): CgroupWrite[] {
  if (io.leafWeight) throw notOnV2('blockIO.leafWeight');
  const max = (key: string, rates: readonly DeviceRate[] = []): CgroupWrite[] =>
    rates.flatMap(({ major, minor, rate }) =>
      writesOf('io', [['io.max', `${major}:${minor} ${key}=${orMax(rate)}`]]),
    );
  return [
    ...(io.weight ? [ioWeight('default', io.weight)] : []),
    ...(io.weightDevice ?? []).flatMap(({ major, minor, weight }) =>
      weight ? [ioWeight(`${major}:${minor}`, weight)] : [],
    ),
    ...max('rbps', io.throttleReadBpsDevice),
    ...max('wbps', io.throttleWriteBpsDevice),
    ...max('riops', io.throttleReadIOPSDevice),
    ...max('wiops', io.throttleWriteIOPSDevice),
  ];
}

function unifiedWrites(unified: Readonly<Record<string, string>>): CgroupWrite[] {
  return Object.entries(unified).map(([file, value]) => {
    const controller = /^([a-z]+)\.[\w.]+$/.exec(file)?.[1];
    if (controller === undefined || controller === 'cgroup') {
      throw new EngineError(
        'invalid',
        `resources.unified: ${JSON.stringify(file)} is not a controller's file`,
      );
    }
    return { controller, file, value };
  });
}

function orMax(value: number): string {
  return value > 0 ? String(value) : 'max';
}

function notOnV2(what: string): EngineError {
  return new EngineError('not-implemented', `${what}: cgroup v2 has no such control`);
}
