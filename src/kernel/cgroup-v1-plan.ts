import { EngineError } from '../base/errors.ts';
import type {
  BlockIoLimits,
  CgroupLimits,
  CpuLimits,
  DeviceRate,
  DeviceRule,
  MemoryLimits,
} from './cgroup-limits.ts';
import { type CgroupWrite, unlessZero, writesOf } from './cgroup-write.ts';

/**
 * Limits as writes to the files of cgroup v1 (Documentation/admin-guide/cgroup-v1), in an order the kernel accepts.
 * `memoryLimit` is the limit in force, in bytes, when a running container is updated: its memory must never be allowed
 * more than its memory and swap together. Throws `invalid` or `not-implemented` for what v1 cannot do.
 */
export function planV1(limits: CgroupLimits, memoryLimit = Number.POSITIVE_INFINITY): CgroupWrite[] {
  if (limits.unified && Object.keys(limits.unified).length > 0) {
    throw new EngineError('invalid', 'resources.unified needs cgroup v2, and this host has v1');
  }
  return [
    ...(limits.devices ?? []).map(deviceWrite),
    ...memoryWrites(limits.memory ?? {}, memoryLimit),
    ...cpuWrites(limits.cpu ?? {}),
    ...pidsWrites(limits),
    ...blockIoWrites(limits.blockIO ?? {}),
    ...hugepageWrites(limits),
    ...networkWrites(limits),
  ];
}

/** Documentation/admin-guide/cgroup-v1/devices.rst: `a` stands for everything and takes no numbers. */
function deviceWrite(rule: DeviceRule): CgroupWrite {
  const number = (value: number | undefined): string =>
    value === undefined || value < 0 ? '*' : String(value);
  const type = rule.type ?? 'a';
  const value = `${type} ${number(rule.major)}:${number(rule.minor)} ${rule.access ?? 'rwm'}`;
  return { controller: 'devices', file: rule.allow ? 'devices.allow' : 'devices.deny', value };
}

function memoryWrites(memory: MemoryLimits, currentLimit: number): CgroupWrite[] {
  const limit = unlessZero(memory.limit);
  const swap = unlessZero(memory.swap) ?? (limit === -1 ? -1 : undefined);
  const limitWrite = writesOf('memory', [['memory.limit_in_bytes', limit]]);
  const swapWrite = writesOf('memory', [['memory.memsw.limit_in_bytes', swap]]);
  const swapFirst = swap !== undefined && (swap === -1 || swap > currentLimit);
  return [
    ...(swapFirst ? [...swapWrite, ...limitWrite] : [...limitWrite, ...swapWrite]),
    ...writesOf('memory', [
      ['memory.soft_limit_in_bytes', unlessZero(memory.reservation)],
      ['memory.kmem.tcp.limit_in_bytes', unlessZero(memory.kernelTCP)],
      ['memory.swappiness', memory.swappiness === -1 ? undefined : memory.swappiness],
      ['memory.oom_control', memory.disableOOMKiller ? 1 : undefined],
    ]),
  ];
}

function cpuWrites(cpu: CpuLimits): CgroupWrite[] {
  return [
    ...writesOf('cpuset', [
      ['cpuset.cpus', cpu.cpus || undefined],
      ['cpuset.mems', cpu.mems || undefined],
    ]),
    ...writesOf('cpu', [
      ['cpu.shares', unlessZero(cpu.shares)],
      ['cpu.idle', cpu.idle],
      ['cpu.rt_period_us', unlessZero(cpu.realtimePeriod)],
      ['cpu.rt_runtime_us', unlessZero(cpu.realtimeRuntime)],
      ['cpu.cfs_period_us', unlessZero(cpu.period)],
      ['cpu.cfs_quota_us', unlessZero(cpu.quota)],
      ['cpu.cfs_burst_us', unlessZero(cpu.burst)],
    ]),
  ];
}

function pidsWrites({ pids }: CgroupLimits): CgroupWrite[] {
  return writesOf('pids', [['pids.max', pids && (pids.limit > 0 ? pids.limit : 'max')]]);
}

/** The proportional weight belongs to the BFQ scheduler, whose file has a name of its own since CFQ's went. */
function blockIoWrites(io: BlockIoLimits): CgroupWrite[] {
  if (io.leafWeight) throw new EngineError('not-implemented', 'blockIO.leafWeight: Linux has none since 5.0');
  const weight = (value: string): CgroupWrite => ({
    controller: 'blkio',
    file: 'blkio.weight',
    value,
    otherwise: { file: 'blkio.bfq.weight', value },
  });
  const throttle = (file: string, rates: readonly DeviceRate[] = []): CgroupWrite[] =>
    rates.map(({ major, minor, rate }) => ({
      controller: 'blkio',
      file: `blkio.throttle.${file}_device`,
      value: `${major}:${minor} ${rate}`,
    }));
  return [
    ...(io.weight ? [weight(String(io.weight))] : []),
    ...(io.weightDevice ?? []).flatMap((device) =>
      device.weight ? [deviceWeight(device.major, device.minor, device.weight)] : [],
    ),
    ...throttle('read_bps', io.throttleReadBpsDevice),
    ...throttle('write_bps', io.throttleWriteBpsDevice),
    ...throttle('read_iops', io.throttleReadIOPSDevice),
    ...throttle('write_iops', io.throttleWriteIOPSDevice),
  ];
}

function deviceWeight(major: number, minor: number, weight: number): CgroupWrite {
  const value = `${major}:${minor} ${weight}`;
  const otherwise = { file: 'blkio.bfq.weight_device', value };
  return { controller: 'blkio', file: 'blkio.weight_device', value, otherwise };
}

function hugepageWrites({ hugepageLimits }: CgroupLimits): CgroupWrite[] {
  return (hugepageLimits ?? []).flatMap(({ pageSize, limit }) =>
    writesOf('hugetlb', [[`hugetlb.${checkPageSize(pageSize)}.limit_in_bytes`, limit]]),
  );
}

/** Throws `invalid` for what is no page size (`2MB`) and must not become part of a file name. */
export function checkPageSize(pageSize: string): string {
  if (/^[1-9]\d{0,5}[KMG]B$/.test(pageSize)) return pageSize;
  throw new EngineError('invalid', `hugepageLimits: invalid page size ${JSON.stringify(pageSize)}`);
}

function networkWrites({ network }: CgroupLimits): CgroupWrite[] {
  return [
    ...writesOf('net_cls', [['net_cls.classid', network?.classID]]),
    ...(network?.priorities ?? []).flatMap(({ name, priority }) =>
      writesOf('net_prio', [['net_prio.ifpriomap', `${name} ${priority}`]]),
    ),
  ];
}
