import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { controllerDirectory } from '../../src/kernel/cgroup.ts';
import { countOomKills } from '../../src/kernel/cgroup-watch.ts';
import { containerCgroup } from '../../src/runtime/launch.ts';
import { facts, Lab } from './lab.ts';
import type { Changes } from './settings.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());
const v1 = facts.cgroups.version === 1;

test('a container that takes more memory than it may is killed', async () => {
  const hog = 'x=$(head -c 50000000 /dev/zero | tr "\\0" x); echo survived';
  const container = lab.container(['sh', '-c', hog], {
    resources: { memory: 16 << 20, memorySwap: 16 << 20 },
  });
  await lab.launch(container);
  const exit = await lab.ended(container);
  assert.deepEqual([exit.exitCode, exit.signal], [137, 9]);
  assert.ok(countOomKills(containerCgroup(facts, container.spec)) > 0);
});

test('a container cannot make more processes than it may', async () => {
  const script = 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo all';
  const output = await lab.sh(script, { resources: { pidsLimit: 5 } });
  assert.match(output, /can't fork|Resource temporarily unavailable/);
  assert.doesNotMatch(output, /all/);
});

test('rlimits are set', async () => {
  const ulimits = [
    { name: 'nofile', soft: 64, hard: 128 },
    { name: 'core', soft: 0, hard: -1 },
    { name: 'fsize', soft: 1024, hard: 1024 },
  ];
  const output = await lab.sh(
    'ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hc; head -c 4096 /dev/zero > /f; stat -c %s /f',
    { ulimits },
  );
  assert.match(output, /^64\n128\n0\nunlimited\n(.*\n)?1024\n$/);
});

/** v1 file and what it holds, for each limit. */
const files: readonly { changes: Changes['resources']; controller: string; file: string; want: string }[] = [
  { changes: { memory: 64 << 20 }, controller: 'memory', file: 'memory.limit_in_bytes', want: `${64 << 20}` },
  {
    changes: { memory: 64 << 20 },
    controller: 'memory',
    file: 'memory.memsw.limit_in_bytes',
    want: `${128 << 20}`,
  },
  {
    changes: { memoryReservation: 32 << 20 },
    controller: 'memory',
    file: 'memory.soft_limit_in_bytes',
    want: `${32 << 20}`,
  },
  { changes: { nanoCpus: 5e8 }, controller: 'cpu', file: 'cpu.cfs_quota_us', want: '50000' },
  { changes: { cpuShares: 512 }, controller: 'cpu', file: 'cpu.shares', want: '512' },
  { changes: { cpusetCpus: '0' }, controller: 'cpuset', file: 'cpuset.cpus', want: '0' },
  { changes: { pidsLimit: 77 }, controller: 'pids', file: 'pids.max', want: '77' },
  { changes: { pidsLimit: -1 }, controller: 'pids', file: 'pids.max', want: 'max' },
];
for (const { changes = {}, controller, file, want } of files) {
  const skip = v1 ? false : 'the host has no cgroup v1';
  test(`${JSON.stringify(changes)} makes ${file} ${want}`, { skip }, async () => {
    const container = lab.container(['sleep', '60'], { resources: changes });
    await lab.launch(container);
    const directory = controllerDirectory(containerCgroup(facts, container.spec), controller) ?? '';
    assert.equal(readFileSync(join(directory, file), 'utf8').trim(), want);
    await lab.end(container);
  });
}
