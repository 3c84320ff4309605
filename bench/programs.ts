import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '../test/support/daemon.ts';

export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}

/** Milliseconds. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Times whole commands with hyperfine, paired in one run, the first being the reference. */
export async function time(
  commands: Readonly<Record<string, string>>,
  runs: number,
  warmup = 3,
): Promise<Timing[]> {
  const out = join(tmpdir(), `gantry-bench-${process.pid}.json`);
  const names = Object.keys(commands);
  // Not spawnSync: while this process waits it must read what the daemons print, or they wait for it.
  const { status, stderr } = await exec(
    'hyperfine',
    [
      '-N',
      '--warmup',
      String(warmup),
      '--runs',
      String(runs),
      '--export-json',
      out,
      ...Object.values(commands),
    ],
    { timeout: 600_000 },
  );
  if (status !== 0) throw new Error(`hyperfine: ${stderr}`);
  const { results } = JSON.parse(readFileSync(out, 'utf8')) as {
    results: { median: number; min: number; max: number }[];
  };
  return results.map((result, i) => ({
    name: names[i] ?? '',
    median: result.median * 1000,
    min: result.min * 1000,
    max: result.max * 1000,
  }));
}

/** Resident and proportional set size of a process, bytes. */
export function memoryOf(pid: number): { rss: number; pss: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  return { rss: field('Rss'), pss: field('Pss') };
}
