import { readFile } from 'node:fs/promises';
import { type Cgroup, controllerDirectory } from './cgroup.ts';
import { isErrno } from './syscall.ts';

/** What a cgroup has used and may use, the same for v1 and v2. Values a host does not count are absent, lists empty. */
export interface CgroupStats {
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly pids: { readonly current: number; readonly limit?: number };
  readonly blockIo: BlockIoStats;
}

/** Nanoseconds. */
export interface CpuStats {
  readonly total: number;
  readonly user: number;
  readonly system: number;
  /** By CPU; v1 only. */
  readonly perCpu: readonly number[];
  readonly throttling: {
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly throttledTime: number;
  };
}

/** Bytes. */
export interface MemoryStats {
  readonly usage: number;
  readonly maxUsage?: number;
  /** Absent: unlimited. */
  readonly limit?: number;
  /** How often the limit was hit. */
  readonly failures: number;
  readonly oomKills: number;
  /** memory.stat as it is: `cache`, `total_inactive_file` … on v1, `anon`, `inactive_file` … on v2. */
  readonly details: Readonly<Record<string, number>>;
}

export interface BlockIoStats {
  readonly bytes: readonly BlockIoCount[];
  readonly operations: readonly BlockIoCount[];
}

export interface BlockIoCount {
  readonly major: number;
  readonly minor: number;
  readonly op: 'read' | 'write' | 'discard' | 'sync' | 'async' | 'total';
  readonly value: number;
}

/** Reads a cgroup's statistics, in helper threads: the kernel may have to sum over many CPUs and cgroups below first. */
export async function readStats(cgroup: Cgroup): Promise<CgroupStats> {
  const read: ReadControl = async (controller, file) => {
    const directory = controllerDirectory(cgroup, controller);
    if (directory === undefined) return '';
    try {
      return await readFile(`${directory}/${file}`, 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENODEV', 'EOPNOTSUPP')) return '';
      throw error;
    }
  };
  return await (cgroup.layout.version === 2 ? statsV2(read) : statsV1(read));
}

/** Text of a control file, `''` when the host has no such file or controller. */
export type ReadControl = (controller: string, file: string) => Promise<string>;

/** Statistics of a v1 cgroup (Documentation/admin-guide/cgroup-v1). */
export async function statsV1(read: ReadControl): Promise<CgroupStats> {
  const [usage, user, system, perCpu, throttling] = await Promise.all([
    read('cpuacct', 'cpuacct.usage'),
    read('cpuacct', 'cpuacct.usage_user'),
    read('cpuacct', 'cpuacct.usage_sys'),
    read('cpuacct', 'cpuacct.usage_percpu'),
    read('cpu', 'cpu.stat').then(keyed),
  ]);
  const [memoryUsage, maxUsage, limit, failures, oom, details] = await Promise.all([
    read('memory', 'memory.usage_in_bytes'),
    read('memory', 'memory.max_usage_in_bytes'),
    read('memory', 'memory.limit_in_bytes'),
    read('memory', 'memory.failcnt'),
    read('memory', 'memory.oom_control').then(keyed),
    read('memory', 'memory.stat').then(keyed),
  ]);
  return {
    cpu: {
      total: Number(usage),
      user: Number(user),
      system: Number(system),
      perCpu: perCpu.trim().split(/\s+/).filter(Boolean).map(Number),
      throttling: {
        periods: throttling['nr_periods'] ?? 0,
        throttledPeriods: throttling['nr_throttled'] ?? 0,
        throttledTime: throttling['throttled_time'] ?? 0,
      },
    },
    memory: {
      usage: Number(memoryUsage),
      maxUsage: Number(maxUsage),
      ...limitOf(limit),
      failures: Number(failures),
      oomKills: oom['oom_kill'] ?? 0,
      details,
    },
    pids: await pidsStats(read),
    blockIo: {
      bytes: parseBlkio(await read('blkio', 'blkio.throttle.io_service_bytes_recursive')),
      operations: parseBlkio(await read('blkio', 'blkio.throttle.io_serviced_recursive')),
    },
  };
}

/** Statistics of a v2 cgroup (Documentation/admin-guide/cgroup-v2.rst); times there are in microseconds. */
export async function statsV2(read: ReadControl): Promise<CgroupStats> {
  const [cpu, usage, peak, limit, events, details, io] = await Promise.all([
    read('cpu', 'cpu.stat').then(keyed),
    read('memory', 'memory.current'),
    read('memory', 'memory.peak'),
    read('memory', 'memory.max'),
    read('memory', 'memory.events').then(keyed),
    read('memory', 'memory.stat').then(keyed),
    read('io', 'io.stat'),
  ]);
  const nanoseconds = (key: string): number => (cpu[key] ?? 0) * 1000;
  return {
    cpu: {
      total: nanoseconds('usage_usec'),
      user: nanoseconds('user_usec'),
      system: nanoseconds('system_usec'),
      perCpu: [],
      throttling: {
        periods: cpu['nr_periods'] ?? 0,
        throttledPeriods: cpu['nr_throttled'] ?? 0,
        throttledTime: nanoseconds('throttled_usec'),
      },
    },
    memory: {
      usage: Number(usage),
      ...(peak === '' ? {} : { maxUsage: Number(peak) }),
      ...limitOf(limit),
      failures: events['max'] ?? 0,
      oomKills: events['oom_kill'] ?? 0,
      details,
    },
    pids: await pidsStats(read),
    blockIo: {
      bytes: parseIoStat(io, { rbytes: 'read', wbytes: 'write' }),
      operations: parseIoStat(io, { rios: 'read', wios: 'write' }),
    },
  };
}

async function pidsStats(read: ReadControl): Promise<CgroupStats['pids']> {
  const [current, limit] = await Promise.all([read('pids', 'pids.current'), read('pids', 'pids.max')]);
  return { current: Number(current), ...limitOf(limit) };
}

/** Lines of a name and a number (`flat keyed` in cgroup-v2.rst). */
export function keyed(text: string): Record<string, number> {
  const pairs = text.split('\n').map((line) => line.split(' '));
  return Object.fromEntries(pairs.flatMap(([key, value]) => (key && value ? [[key, Number(value)]] : [])));
}

/** v1 says "unlimited" with the largest page-aligned number, v2 with `max`. */
function limitOf(text: string): { limit?: number } {
  const limit = Number.parseInt(text, 10);
  return Number.isNaN(limit) || limit > 2 ** 60 ? {} : { limit };
}

const OPS: Readonly<Record<string, BlockIoCount['op']>> = {
  Read: 'read',
  Write: 'write',
  Discard: 'discard',
  Sync: 'sync',
  Async: 'async',
  Total: 'total',
};

/** Lines such as `254:0 Read 4096`, and a sum at the end. */
function parseBlkio(text: string): BlockIoCount[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].flatMap(([, major, minor, name, value]) => {
    const op = OPS[name ?? ''];
    return op ? [{ major: Number(major), minor: Number(minor), op, value: Number(value) }] : [];
  });
}

/** Lines such as `254:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. */
function parseIoStat(text: string, keys: Readonly<Record<string, BlockIoCount['op']>>): BlockIoCount[] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, rest = '']) =>
    [...rest.matchAll(/(\w+)=(\d+)/g)].flatMap(([, key, value]) => {
      const op = keys[key ?? ''];
      return op ? [{ major: Number(major), minor: Number(minor), op, value: Number(value) }] : [];
    }),
  );
}
