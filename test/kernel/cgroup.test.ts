import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { backgroundCtx } from '../../src/base/ctx.ts';
import { isEngineError } from '../../src/base/errors.ts';
import {
  allDirectories,
  type Cgroup,
  cgroupAt,
  cgroupDirectories,
  cgroupExists,
  controllerDirectory,
} from '../../src/kernel/cgroup.ts';
import { updateLimits } from '../../src/kernel/cgroup-apply.ts';
import { freeze, isFrozen, killAll, listProcesses, thaw } from '../../src/kernel/cgroup-control.ts';
import { createCgroup, removeCgroup } from '../../src/kernel/cgroup-create.ts';
import { detectFeatures } from '../../src/kernel/cgroup-features.ts';
import { detectCgroups } from '../../src/kernel/cgroup-layout.ts';
import type { CgroupLimits } from '../../src/kernel/cgroup-limits.ts';
import { readStats } from '../../src/kernel/cgroup-stats.ts';
import { countOomKills, watchOomKills } from '../../src/kernel/cgroup-watch.ts';
import { readProcessStat } from '../../src/kernel/processes.ts';

const ctx = backgroundCtx();
const layout = detectCgroups();
const v2 = { skip: layout.version !== 2 && 'the host has cgroup v1' };
const prefix = `/gantry-test-${process.pid}`;
const MB = 1024 * 1024;
let counter = 0;

after(() => {
  for (const directory of allDirectories(cgroupAt(layout, prefix))) {
    if (existsSync(directory)) rmdirSync(directory);
  }
});

async function withCgroup(limits: CgroupLimits, use: (cgroup: Cgroup) => Promise<void>): Promise<void> {
  const cgroup = cgroupAt(layout, `${prefix}/c${counter++}`);
  createCgroup(cgroup, limits);
  try {
    await use(cgroup);
  } finally {
    await killAll(ctx, cgroup);
    await removeCgroup(ctx, cgroup);
    assert.ok(!cgroupExists(cgroup));
  }
}

function join(cgroup: Cgroup, pid: number): void {
  for (const directory of allDirectories(cgroup)) writeFileSync(`${directory}/cgroup.procs`, String(pid));
}

/** A shell inside the cgroup before it does anything: it waits for a line first. */
async function runIn(cgroup: Cgroup, script: string): Promise<ChildProcess> {
  const child = spawn('/bin/sh', ['-c', `read go; ${script}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  assert.ok(child.pid);
  join(cgroup, child.pid);
  child.stdin.write('go\n');
  return child;
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await once(child, 'close');
  return text.trim();
}

function value(cgroup: Cgroup, controller: string, file: string): string {
  return readFileSync(`${controllerDirectory(cgroup, controller)}/${file}`, 'utf8').trim();
}

/** What control files say after limits were set: `file value`. */
function assertValues(cgroup: Cgroup, want: { v1: readonly string[]; v2: readonly string[] }): void {
  const lines = layout.version === 2 ? want.v2 : want.v1;
  for (const line of lines) {
    const [file = '', ...rest] = line.split(' ');
    assert.equal(value(cgroup, file.split('.')[0] ?? '', file), rest.join(' '), file);
  }
}

test('a cgroup is made in every tree with its limits, and removed', async () => {
  const limits: CgroupLimits = {
    memory: { limit: 64 * MB, reservation: 32 * MB, swap: 96 * MB },
    cpu: { shares: 2000, quota: 50000, period: 200000, cpus: '0' },
    pids: { limit: 20 },
    devices: [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' }],
    blockIO: { throttleReadBpsDevice: [{ major: 254, minor: 0, rate: MB }] },
  };
  await withCgroup(limits, async (cgroup) => {
    for (const directory of allDirectories(cgroup)) assert.ok(existsSync(directory), directory);
    assertValues(cgroup, {
      v1: [
        `memory.limit_in_bytes ${64 * MB}`,
        `memory.memsw.limit_in_bytes ${96 * MB}`,
        `memory.soft_limit_in_bytes ${32 * MB}`,
        'cpu.shares 2000',
        'cpu.cfs_quota_us 50000',
        'cpu.cfs_period_us 200000',
        'cpuset.cpus 0',
        'cpuset.mems 0',
        'pids.max 20',
        'devices.list c 1:3 rwm',
        `blkio.throttle.read_bps_device 254:0 ${MB}`,
      ],
      v2: [
        `memory.max ${64 * MB}`,
        `memory.swap.max ${32 * MB}`,
        `memory.low ${32 * MB}`,
        'cpu.weight 170',
        'cpu.max 50000 200000',
        'cpuset.cpus 0',
        'pids.max 20',
        `io.max 254:0 rbps=${MB} wbps=max riops=max wiops=max`,
      ],
    });
  });
});

test('a running cgroup is updated in an order the kernel accepts', async () => {
  await withCgroup(
    { memory: { limit: 16 * MB, swap: 16 * MB }, cpu: { quota: 1000, period: 50000 } },
    async (cgroup) => {
      await updateLimits(cgroup, { memory: { limit: 32 * MB, swap: 64 * MB }, pids: { limit: -1 } });
      assertValues(cgroup, {
        v1: [`memory.memsw.limit_in_bytes ${64 * MB}`, 'pids.max max'],
        v2: [`memory.swap.max ${32 * MB}`, 'pids.max max'],
      });
      await updateLimits(cgroup, { memory: { limit: 8 * MB, swap: 8 * MB }, cpu: { quota: 2000 } });
      assertValues(cgroup, {
        v1: [`memory.memsw.limit_in_bytes ${8 * MB}`, 'cpu.cfs_quota_us 2000'],
        v2: ['memory.swap.max 0', `memory.max ${8 * MB}`, 'cpu.max 2000 50000'],
      });
      await updateLimits(cgroup, { memory: { limit: -1 }, cpu: { quota: -1 } });
      assertValues(cgroup, {
        v1: ['cpu.cfs_quota_us -1', 'memory.limit_in_bytes 9223372036854771712'],
        v2: ['memory.max max', 'memory.swap.max max', 'cpu.max max 50000'],
      });
    },
  );
});

test('files of cgroup v2 are written as they are', v2, async () => {
  await withCgroup({ unified: { 'memory.high': '1048576', 'cpu.weight': '7' } }, async (cgroup) => {
    assertValues(cgroup, { v1: [], v2: ['memory.high 1048576', 'cpu.weight 7'] });
  });
});

test('a limit that cannot be set says which, and leaves no cgroup behind', async () => {
  const cgroup = cgroupAt(layout, `${prefix}/bad`);
  assert.throws(
    () => createCgroup(cgroup, { cpu: { cpus: '4000' } }),
    /bad: cannot set cpuset.cpus to 4000: .*(ERANGE|EINVAL|EACCES)/,
  );
  assert.ok(!cgroupExists(cgroup));
  assert.throws(
    () => createCgroup(cgroup, { hugepageLimits: [{ pageSize: '3MB', limit: 1 }] }),
    (error) => isEngineError(error, 'not-implemented'),
  );
  assert.ok(!cgroupExists(cgroup));
});

test('a process enters, is listed, frozen, thawed and killed with its children', async () => {
  await withCgroup({}, async (cgroup) => {
    const child = await runIn(cgroup, 'sleep 1000 & sleep 1000 & wait');
    const exited = once(child, 'exit');
    while (listProcesses(cgroup).length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(listProcesses(cgroup).includes(child.pid ?? 0));
    assert.equal(isFrozen(cgroup), false);
    await freeze(ctx, cgroup);
    assert.equal(isFrozen(cgroup), true);
    await thaw(ctx, cgroup);
    assert.equal(isFrozen(cgroup), false);
    await killAll(ctx, cgroup);
    assert.deepEqual(listProcesses(cgroup), []);
    assert.deepEqual(await exited, [null, 'SIGKILL']);
  });
});

test('a frozen cgroup can be killed', async () => {
  await withCgroup({}, async (cgroup) => {
    const child = await runIn(cgroup, 'while :; do :; done');
    await freeze(ctx, cgroup);
    const before = readProcessStat(child.pid ?? 0);
    assert.ok(before && before.startTime > 0n);
    await killAll(ctx, cgroup);
    assert.deepEqual(listProcesses(cgroup), []);
  });
});

test('the number of processes is limited for real', async () => {
  await withCgroup({ pids: { limit: 3 } }, async (cgroup) => {
    const child = await runIn(
      cgroup,
      'exec 2>/dev/null; (sleep 1000 >&2 & sleep 1000 >&2 & sleep 1000 >&2 & echo all)',
    );
    assert.equal(await outputOf(child), '');
    assert.match(value(cgroup, 'pids', 'pids.events'), /^max [1-9]/);
  });
});

test('devices without a rule cannot be opened', async () => {
  const devices = [{ allow: false }, { allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }] as const;
  await withCgroup({ devices }, async (cgroup) => {
    const child = await runIn(
      cgroup,
      'echo x >/dev/null && echo null; (: </dev/zero) 2>&1 | grep -o "not permitted"',
    );
    assert.equal(await outputOf(child), 'null\nnot permitted');
  });
});

test('cgroups made inside are removed with it', async () => {
  await withCgroup({}, async (cgroup) => {
    const [first = ''] = allDirectories(cgroup);
    mkdirSync(`${first}/a/b`, { recursive: true });
  });
});

test('a cgroup in use is not taken over', async () => {
  await withCgroup({}, async (cgroup) => {
    await runIn(cgroup, 'sleep 1000');
    assert.throws(
      () => createCgroup(cgroup, {}),
      (error) => isEngineError(error, 'conflict'),
    );
    assert.ok(cgroupExists(cgroup));
  });
});

for (const path of ['', '/', 'docker/x', '/docker/../x', '/docker//x', '/docker/']) {
  test(`${JSON.stringify(path)} is no cgroup path`, () => {
    assert.throws(
      () => cgroupAt(layout, path),
      (error) => isEngineError(error, 'invalid'),
    );
  });
}

test('directories of the trees', () => {
  const { unified, legacy } = cgroupDirectories(cgroupAt(layout, '/a/b'));
  for (const directory of [unified, ...legacy].filter(Boolean))
    assert.match(directory, /^\/sys\/fs\/cgroup(\/.*)?\/a\/b$/);
});

test('statistics count what a process has used', async () => {
  await withCgroup({ memory: { limit: 64 * MB }, pids: { limit: 9 } }, async (cgroup) => {
    const child = await runIn(
      cgroup,
      'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo done; read forever',
    );
    await once(child.stdout ?? child, 'data');
    const stats = await readStats(cgroup);
    assert.ok(stats.cpu.total > 1e6 && stats.cpu.user > 0, JSON.stringify(stats.cpu));
    const sum = stats.cpu.perCpu.reduce((total, time) => total + time, 0);
    assert.ok(layout.version === 2 || sum >= stats.cpu.total);
    assert.equal(stats.memory.limit, 64 * MB);
    assert.ok(stats.memory.usage > 0);
    assert.equal(typeof stats.memory.details['inactive_file'], 'number');
    assert.deepEqual(stats.pids, { current: 1, limit: 9 });
  });
});

test('a kill for want of memory is counted and reported', async () => {
  await withCgroup({ memory: { limit: 8 * MB, swap: 8 * MB } }, async (cgroup) => {
    assert.equal(countOomKills(cgroup), 0);
    const kills = new EventEmitter();
    using _watch = watchOomKills(cgroup, () => kills.emit('kill'));
    const reported = once(kills, 'kill', { signal: AbortSignal.timeout(5000) });
    const child = await runIn(cgroup, 'exec tail /dev/zero');
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    const busy = setTimeout(() => {}, 5000);
    await reported;
    clearTimeout(busy);
    assert.equal(countOomKills(cgroup), 1);
  });
  assert.equal(countOomKills(cgroupAt(layout, `${prefix}/gone`)), 0);
});

test('features agree with what can be set', async () => {
  const features = detectFeatures(layout);
  await withCgroup({}, async (cgroup) => {
    const tries: [boolean, CgroupLimits][] = [
      [features.memoryReservation, { memory: { reservation: MB } }],
      [features.swapLimit, { memory: { limit: MB, swap: MB } }],
      [features.swappiness, { memory: { swappiness: 10 } }],
      [features.oomKillDisable, { memory: { disableOOMKiller: true } }],
      [features.cpuShares, { cpu: { shares: 100 } }],
      [features.cpuQuota, { cpu: { quota: 1000 } }],
      [features.cpuset, { cpu: { cpus: '0' } }],
      [features.pidsLimit, { pids: { limit: 1 } }],
      [features.blockIoWeight, { blockIO: { weight: 200 } }],
      [features.hugepages, { hugepageLimits: [{ pageSize: '2MB', limit: 0 }] }],
    ];
    for (const [can, limits] of tries) {
      if (can) await updateLimits(cgroup, limits);
      else
        await assert.rejects(updateLimits(cgroup, limits), (error) =>
          isEngineError(error, 'not-implemented'),
        );
    }
  });
});
