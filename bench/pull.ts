import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeImage } from '../test/support/image.ts';
import { startRegistry } from '../test/support/registry.ts';
import type { Peers } from './peers.ts';

/** Where realistic files come from: what this machine has installed, cut into six layers. */
const SOURCE = '/usr';
const LAYERS = 6;
const TARGET_BYTES = 1.1e9;

/** Milliseconds of `docker pull` for each daemon, of the same image from the same registry on loopback. */
export async function pullBench(peers: Peers): Promise<[who: string, ms: number][]> {
  const dir = join(peers.gantry.dataRoot, '../bench-image');
  mkdirSync(dir, { recursive: true });
  const tars = cutLayers(dir);
  await using registry = await startRegistry();
  const reference = `${registry.domain}/big:latest`;
  await registry.push(makeImage({ layers: tars.map((tar) => readFileSync(tar)) }), 'big:latest');
  rmSync(dir, { recursive: true });
  const out: [string, number][] = [];
  for (const [who, host] of [
    ['gantry', peers.gantry.host] as const,
    ...(peers.dockerd ? [['dockerd', peers.dockerd.host] as const] : []),
  ]) {
    execFileSync('sync');
    // ext4 makes new inodes slowly while it skips those just deleted: wait until the last pull's are forgotten.
    await sleep(out.length > 0 ? 40_000 : 5_000);
    const started = performance.now();
    execFileSync('docker', ['-H', host, 'pull', '-q', reference], { stdio: 'ignore' });
    out.push([who, performance.now() - started]);
    execFileSync('docker', ['-H', host, 'rmi', reference], { stdio: 'ignore' });
  }
  return out;
}

/** Tars of about equal size over the files below {@link SOURCE}, at least {@link TARGET_BYTES} together where it has as much. */
function cutLayers(dir: string): string[] {
  const list = execFileSync(
    'find',
    [SOURCE, '-xdev', '(', '-type', 'f', '-o', '-type', 'l', ')', '-printf', '%s %P\\n'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const groups: string[][] = Array.from({ length: LAYERS }, () => []);
  let bytes = 0;
  for (const line of list.split('\n')) {
    const size = Number(line.slice(0, line.indexOf(' ')));
    if (!line || size > 60e6 || bytes > TARGET_BYTES) continue;
    groups[Math.min(LAYERS - 1, Math.floor((bytes / TARGET_BYTES) * LAYERS))]?.push(
      line.slice(line.indexOf(' ') + 1),
    );
    bytes += size;
  }
  return groups.map((names, i) => {
    const tar = join(dir, `${i}.tar`);
    execFileSync('tar', ['-C', SOURCE, '-cf', tar, '--no-recursion', '-T', '-'], {
      input: names.join('\n'),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    return tar;
  });
}
