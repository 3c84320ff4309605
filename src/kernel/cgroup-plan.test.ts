import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEngineError } from '../base/errors.ts';
import type { CgroupLimits } from './cgroup-limits.ts';
import { planV1 } from './cgroup-v1-plan.ts';
import { ioWeightOf, planV2, weightOfShares } from './cgroup-v2-plan.ts';
import type { CgroupWrite } from './cgroup-write.ts';

const MB = 1024 * 1024;
type Plan = string[] | RegExp;

/** `want` is the list of writes, or what the error's message says. */
const ROWS: { name: string; limits: CgroupLimits; v1: Plan; v2: Plan }[] = [
  { name: 'nothing', limits: {}, v1: [], v2: [] },
  {
    name: 'zeros mean not set',
    limits: { memory: { limit: 0, swap: 0, reservation: 0 }, cpu: { shares: 0, quota: 0, period: 0 } },
    v1: [],
    v2: [],
  },
  {
    name: 'memory and swap',
    limits: { memory: { limit: 64 * MB, swap: 96 * MB, reservation: 32 * MB, kernel: 5 } },
    v1: [
      'memory.limit_in_bytes=67108864',
      'memory.memsw.limit_in_bytes=100663296',
      'memory.soft_limit_in_bytes=33554432',
    ],
    v2: ['memory.swap.max=33554432', 'memory.max=67108864', 'memory.low=33554432'],
  },
  {
    name: 'no swap',
    limits: { memory: { limit: MB, swap: MB } },
    v1: ['memory.limit_in_bytes=1048576', 'memory.memsw.limit_in_bytes=1048576'],
    v2: ['memory.swap.max=0', 'memory.max=1048576'],
  },
  {
    name: 'unlimited swap',
    limits: { memory: { limit: MB, swap: -1 } },
    v1: ['memory.memsw.limit_in_bytes=-1', 'memory.limit_in_bytes=1048576'],
    v2: ['memory.swap.max=max', 'memory.max=1048576'],
  },
  {
    name: 'unlimited memory lifts swap too',
    limits: { memory: { limit: -1 } },
    v1: ['memory.memsw.limit_in_bytes=-1', 'memory.limit_in_bytes=-1'],
    v2: ['memory.swap.max=max', 'memory.max=max'],
  },
  {
    name: 'swap alone',
    limits: { memory: { swap: MB } },
    v1: ['memory.memsw.limit_in_bytes=1048576'],
    v2: /memory.swap needs memory.limit/,
  },
  {
    name: 'less swap than memory',
    limits: { memory: { limit: 2, swap: 1 } },
    v1: ['memory.limit_in_bytes=2', 'memory.memsw.limit_in_bytes=1'],
    v2: /less than memory.limit/,
  },
  {
    name: 'swappiness -1 is the host default',
    limits: { memory: { swappiness: -1, disableOOMKiller: false } },
    v1: [],
    v2: [],
  },
  {
    name: 'swappiness',
    limits: { memory: { swappiness: 0 } },
    v1: ['memory.swappiness=0'],
    v2: /memory.swappiness: cgroup v2 has no/,
  },
  {
    name: 'no OOM killer',
    limits: { memory: { disableOOMKiller: true } },
    v1: ['memory.oom_control=1'],
    v2: /disableOOMKiller/,
  },
  {
    name: 'cpu',
    limits: { cpu: { shares: 512, quota: 50000, period: 100000, burst: 1000, cpus: '0-1', mems: '0' } },
    v1: [
      'cpuset.cpus=0-1',
      'cpuset.mems=0',
      'cpu.shares=512',
      'cpu.cfs_period_us=100000',
      'cpu.cfs_quota_us=50000',
      'cpu.cfs_burst_us=1000',
    ],
    v2: ['cpuset.cpus=0-1', 'cpuset.mems=0', 'cpu.weight=59', 'cpu.max=50000 100000', 'cpu.max.burst=1000'],
  },
  {
    name: 'quota alone',
    limits: { cpu: { quota: 5000 } },
    v1: ['cpu.cfs_quota_us=5000'],
    v2: ['cpu.max=5000'],
  },
  { name: 'no quota', limits: { cpu: { quota: -1 } }, v1: ['cpu.cfs_quota_us=-1'], v2: ['cpu.max=max'] },
  {
    name: 'period alone',
    limits: { cpu: { period: 5000 } },
    v1: ['cpu.cfs_period_us=5000'],
    v2: ['cpu.max=max 5000'],
  },
  {
    name: 'idle',
    limits: { cpu: { idle: 1, shares: 512 } },
    v1: ['cpu.shares=512', 'cpu.idle=1'],
    v2: ['cpu.idle=1'],
  },
  {
    name: 'real time',
    limits: { cpu: { realtimeRuntime: 95000, realtimePeriod: 100000 } },
    v1: ['cpu.rt_period_us=100000', 'cpu.rt_runtime_us=95000'],
    v2: /realtime/,
  },
  { name: 'pids', limits: { pids: { limit: 20 } }, v1: ['pids.max=20'], v2: ['pids.max=20'] },
  { name: 'unlimited pids', limits: { pids: { limit: -1 } }, v1: ['pids.max=max'], v2: ['pids.max=max'] },
  {
    name: 'block i/o',
    limits: {
      blockIO: {
        weight: 100,
        weightDevice: [{ major: 8, minor: 0, weight: 1000 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1000 }],
        throttleWriteBpsDevice: [{ major: 8, minor: 0, rate: 0 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 16, rate: 5 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 6 }],
      },
    },
    v1: [
      'blkio.weight=100 | blkio.bfq.weight=100',
      'blkio.weight_device=8:0 1000 | blkio.bfq.weight_device=8:0 1000',
      'blkio.throttle.read_bps_device=8:0 1000',
      'blkio.throttle.write_bps_device=8:0 0',
      'blkio.throttle.read_iops_device=8:16 5',
      'blkio.throttle.write_iops_device=8:0 6',
    ],
    v2: [
      'io.bfq.weight=default 100 | io.weight=default 910',
      'io.bfq.weight=8:0 1000 | io.weight=8:0 10000',
      'io.max=8:0 rbps=1000',
      'io.max=8:0 wbps=max',
      'io.max=8:16 riops=5',
      'io.max=8:0 wiops=6',
    ],
  },
  { name: 'leaf weight', limits: { blockIO: { leafWeight: 5 } }, v1: /leafWeight/, v2: /leafWeight/ },
  {
    name: 'huge pages',
    limits: { hugepageLimits: [{ pageSize: '2MB', limit: 4 * MB }] },
    v1: ['hugetlb.2MB.limit_in_bytes=4194304'],
    v2: ['hugetlb.2MB.max=4194304'],
  },
  {
    name: 'a huge page size that is a path',
    limits: { hugepageLimits: [{ pageSize: '../2MB', limit: 1 }] },
    v1: /invalid page size/,
    v2: /invalid page size/,
  },
  {
    name: 'network classes',
    limits: { network: { classID: 7, priorities: [{ name: 'eth0', priority: 2 }] } },
    v1: ['net_cls.classid=7', 'net_prio.ifpriomap=eth0 2'],
    v2: /net_cls/,
  },
  {
    name: 'unified files',
    limits: { unified: { 'memory.high': '5', 'io.max': '8:0 rbps=1' } },
    v1: /unified needs cgroup v2/,
    v2: ['memory.high=5', 'io.max=8:0 rbps=1'],
  },
  {
    name: 'a unified file that is a path',
    limits: { unified: { 'memory.high/../../x': '5' } },
    v1: /unified/,
    v2: /not a controller's file/,
  },
  {
    name: 'a unified file that moves processes',
    limits: { unified: { 'cgroup.procs': '1' } },
    v1: /unified/,
    v2: /not a controller's file/,
  },
  {
    name: 'devices are written on v1 and compiled on v2',
    limits: {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' },
        { allow: true, type: 'b', major: -1, access: 'm' },
      ],
    },
    v1: ['devices.deny=a *:* rwm', 'devices.allow=c 1:3 rwm', 'devices.allow=b *:* m'],
    v2: [],
  },
];

function show(write: CgroupWrite): string {
  assert.equal(write.file.split('.')[0], write.controller);
  const other = write.otherwise ? ` | ${write.otherwise.file}=${write.otherwise.value}` : '';
  return `${write.file}=${write.value}${other}`;
}

function check(plan: () => CgroupWrite[], want: Plan): void {
  if (Array.isArray(want)) {
    assert.deepEqual(plan().map(show), want);
    return;
  }
  assert.throws(plan, (error: unknown) => {
    assert.ok(isEngineError(error, 'invalid', 'not-implemented'));
    assert.match(error.message, want);
    return true;
  });
}

for (const { name, limits, v1, v2 } of ROWS) {
  test(`cgroup v1 plan: ${name}`, () => check(() => planV1(limits), v1));
  test(`cgroup v2 plan: ${name}`, () => check(() => planV2(limits), v2));
}

test('cgroup v1 plan: raising memory and swap of a running container', () => {
  const writes = planV1({ memory: { limit: 8, swap: 16 } }, 4).map(show);
  assert.deepEqual(writes, ['memory.memsw.limit_in_bytes=16', 'memory.limit_in_bytes=8']);
});

test('cgroup v1 plan: lowering them', () => {
  const writes = planV1({ memory: { limit: 2, swap: 3 } }, 4).map(show);
  assert.deepEqual(writes, ['memory.limit_in_bytes=2', 'memory.memsw.limit_in_bytes=3']);
});

test('cpu shares and weights: ends and normal values meet', () => {
  // Values of runc 1.3.2 and later.
  const rows = [
    [1, 1],
    [2, 1],
    [1024, 100],
    [2000, 170],
    [262144, 10000],
    [1000000, 10000],
  ] as const;
  for (const [shares, weight] of rows) assert.equal(weightOfShares(shares), weight, `${shares} shares`);
});

test('block i/o weights', () => {
  assert.deepEqual([10, 100, 1000].map(ioWeightOf), [1, 910, 10000]);
});
