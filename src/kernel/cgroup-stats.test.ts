import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReadControl, statsV1, statsV2 } from './cgroup-stats.ts';

function files(contents: Record<string, string>): ReadControl {
  return async (_controller, file) => contents[file] ?? '';
}

test('statistics of v1', async () => {
  const stats = await statsV1(
    files({
      'cpuacct.usage': '3000\n',
      'cpuacct.usage_user': '2000\n',
      'cpuacct.usage_sys': '1000\n',
      'cpuacct.usage_percpu': '1000 2000 \n',
      'cpu.stat': 'nr_periods 5\nnr_throttled 2\nthrottled_time 77\n',
      'memory.usage_in_bytes': '4096\n',
      'memory.max_usage_in_bytes': '8192\n',
      'memory.limit_in_bytes': '9223372036854771712\n',
      'memory.failcnt': '3\n',
      'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
      'memory.stat': 'cache 1\ntotal_inactive_file 2\n',
      'pids.current': '2\n',
      'pids.max': '20\n',
      'blkio.throttle.io_service_bytes_recursive': '254:0 Read 4096\n254:0 Total 4096\nTotal 4096\n',
    }),
  );
  assert.deepEqual(stats, {
    cpu: {
      total: 3000,
      user: 2000,
      system: 1000,
      perCpu: [1000, 2000],
      throttling: { periods: 5, throttledPeriods: 2, throttledTime: 77 },
    },
    memory: {
      usage: 4096,
      maxUsage: 8192,
      failures: 3,
      oomKills: 1,
      details: { cache: 1, total_inactive_file: 2 },
    },
    pids: { current: 2, limit: 20 },
    blockIo: {
      bytes: [
        { major: 254, minor: 0, op: 'read', value: 4096 },
        { major: 254, minor: 0, op: 'total', value: 4096 },
      ],
      operations: [],
    },
  });
});

test('statistics of v2', async () => {
  const stats = await statsV2(
    files({
      'cpu.stat':
        'usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 5\nnr_throttled 2\nthrottled_usec 7\n',
      'memory.current': '4096\n',
      'memory.max': '65536\n',
      'memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n',
      'memory.stat': 'anon 1\ninactive_file 2\n',
      'pids.current': '2\n',
      'pids.max': 'max\n',
      'io.stat': '8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n',
    }),
  );
  assert.deepEqual(stats, {
    cpu: {
      total: 30_000,
      user: 20_000,
      system: 10_000,
      perCpu: [],
      throttling: { periods: 5, throttledPeriods: 2, throttledTime: 7000 },
    },
    memory: { usage: 4096, limit: 65536, failures: 3, oomKills: 1, details: { anon: 1, inactive_file: 2 } },
    pids: { current: 2 },
    blockIo: {
      bytes: [
        { major: 8, minor: 0, op: 'read', value: 10 },
        { major: 8, minor: 0, op: 'write', value: 20 },
      ],
      operations: [
        { major: 8, minor: 0, op: 'read', value: 1 },
        { major: 8, minor: 0, op: 'write', value: 2 },
      ],
    },
  });
});
