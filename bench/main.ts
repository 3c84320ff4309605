/**
 * `npm run bench [-- NAME…]`: paired comparisons with the peers this machine has, as a table of medians and ratios.
 * Saved as JSON under bench/results/.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Peers, startPeers } from './peers.ts';
import { hasProgram, memoryOf, time } from './programs.ts';
import { pullBench } from './pull.ts';

export interface Row {
  readonly bench: string;
  readonly who: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB';
  /** To the same bench's `dockerd` row, where there is one. */
  readonly ratio?: number;
}

type Bench = (peers: Peers) => Promise<Row[]>;

function rows(
  bench: string,
  unit: Row['unit'],
  values: readonly (readonly [who: string, value: number])[],
): Row[] {
  const reference = values.find(([who]) => who === 'dockerd')?.[1];
  return values.map(([who, value]) => ({
    bench,
    who,
    value,
    unit,
    ...(reference && { ratio: value / reference }),
  }));
}

function timed(bench: string, runs: number, command: (host: string) => string, podman?: string): Bench {
  return async (peers) => {
    const commands: Record<string, string> = { gantry: command(peers.gantry.host) };
    if (peers.dockerd) commands['dockerd'] = command(peers.dockerd.host);
    if (peers.podman && podman) commands['podman'] = podman;
    return rows(
      bench,
      'ms',
      (await time(commands, runs)).map(({ name, median }) => [name, median] as const),
    );
  };
}

const GANTRY = join(import.meta.dirname, '../bin/gantry');

const execBench: Bench = async (peers) => {
  const hosts = [peers.gantry.host, ...(peers.dockerd ? [peers.dockerd.host] : [])];
  for (const host of hosts)
    execFileSync('docker', [
      '-H',
      host,
      'run',
      '-d',
      '--name',
      'bench',
      '--net=none',
      'busybox',
      'sleep',
      '600',
    ]);
  try {
    return await timed('docker exec c true', 30, (host) => `docker -H ${host} exec bench true`)(peers);
  } finally {
    for (const host of hosts) execFileSync('docker', ['-H', host, 'rm', '-f', 'bench']);
  }
};

/** Processes started for one more container, by name. */
function processes(name: string): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0]?.includes(name);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const memory: Bench = async (peers) => {
  await sleep(2000);
  const daemons: [string, number][] = [['gantry', memoryOf(peers.gantry.pid).rss]];
  if (peers.dockerd)
    daemons.push(['dockerd', memoryOf(peers.dockerd.pid).rss + memoryOf(peers.dockerd.containerdPid()).rss]);
  const out = rows(
    'daemon at rest, RSS',
    'MB',
    daemons.map(([who, bytes]) => [who, bytes / 1e6] as const),
  );
  const shims: [string, { rss: number; pss: number }][] = [];
  for (const [who, host, shim] of [
    ['gantry', peers.gantry.host, 'gantry-shim'],
    ...(peers.dockerd ? [['dockerd', peers.dockerd.host, 'containerd-shim'] as const] : []),
  ] as const) {
    const before = new Set(processes(shim));
    const names = Array.from({ length: 10 }, (_, i) => `m${i}`);
    for (const name of names)
      execFileSync('docker', [
        '-H',
        host,
        'run',
        '-d',
        '--name',
        name,
        '--net=none',
        'busybox',
        'sleep',
        '600',
      ]);
    await sleep(500);
    const all = processes(shim)
      .filter((pid) => !before.has(pid))
      .map(memoryOf);
    const mean = (pick: (each: { rss: number; pss: number }) => number): number =>
      all.reduce((sum, each) => sum + pick(each), 0) / Math.max(1, all.length);
    shims.push([who, { rss: mean((each) => each.rss), pss: mean((each) => each.pss) }]);
    execFileSync('docker', ['-H', host, 'rm', '-f', ...names]);
  }
  out.push(
    ...rows(
      'shim of one container, RSS',
      'MB',
      shims.map(([who, { rss }]) => [who, rss / 1e6] as const),
    ),
  );
  out.push(
    ...rows(
      'shim of one container, PSS',
      'MB',
      shims.map(([who, { pss }]) => [who, pss / 1e6] as const),
    ),
  );
  return out;
};

const cli: Bench = async (peers) => {
  const { host } = peers.gantry;
  return rows(
    'ps, same daemon',
    'ms',
    (
      await time(
        {
          gantry: `env DOCKER_HOST=${host} ${GANTRY} ps`,
          'docker (Go)': `docker -H ${host} ps`,
          'node -e 0': 'node -e 0',
        },
        30,
      )
    ).map(({ name, median }) => [name, median] as const),
  );
};

const BENCHES: Record<string, Bench> = {
  run: timed(
    'docker run --rm --net=none busybox true',
    40,
    (host) => `docker -H ${host} run --rm --net=none busybox true`,
    'podman run --rm --net=none busybox true',
  ),
  exec: execBench,
  cli,
  memory,
  pull: async (peers) => rows('pull and unpack, 6 layers', 'ms', await pullBench(peers)),
};

function table(all: readonly Row[]): string {
  const lines = all.map((row) => [
    row.bench,
    row.who,
    `${row.value.toFixed(row.value < 100 ? 2 : 0)} ${row.unit}`,
    row.ratio === undefined ? '' : row.ratio.toFixed(2),
  ]);
  const head = ['', 'who', 'median', 'to dockerd'];
  const widths = head.map((_, i) => Math.max(...[head, ...lines].map((line) => (line[i] ?? '').length)));
  return [head, ...lines]
    .map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '))
    .join('\n');
}

async function main(): Promise<void> {
  if (!hasProgram('hyperfine')) throw new Error('hyperfine is not installed (apt-get install hyperfine)');
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in BENCHES));
  if (unknown.length > 0)
    throw new Error(`unknown bench ${unknown.join(', ')}: one of ${Object.keys(BENCHES).join(', ')}`);
  await using peers = await startPeers();
  const all: Row[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (wanted.length === 0 || wanted.includes(name)) all.push(...(await bench(peers)));
  }
  console.log(table(all));
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  const machine = {
    kernel: release(),
    arch: arch(),
    cpus: cpus().length,
    cpu: cpus()[0]?.model,
    node: process.version,
  };
  const file = join(
    results,
    `${new Date().toISOString().slice(0, 10)}${wanted.map((name) => `-${name}`).join('')}.json`,
  );
  writeFileSync(file, JSON.stringify({ machine, rows: all }, null, 2) + '\n');
  console.log(`\nSaved as ${file}`);
}

await main();
