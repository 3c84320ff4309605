import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ctx, checkCancelled } from '../base/ctx.ts';
import type { SnapshotUsage } from './snapshotter.ts';

/** Disk blocks below `dir`, in the unit of stat(2). */
const BLOCK = 512;

/** Bytes on disk and inodes of a tree, each hard-linked file once; what vanishes meanwhile does not count. */
export async function directoryUsage(ctx: Ctx, dir: string): Promise<SnapshotUsage> {
  const seen = new Set<bigint>();
  let bytes = 0;
  const visit = async (path: string): Promise<void> => {
    checkCancelled(ctx);
    const stat = await lstat(path, { bigint: true }).catch(() => undefined);
    if (!stat || seen.has(stat.ino)) return;
    seen.add(stat.ino);
    bytes += Number(stat.blocks) * BLOCK;
    if (!stat.isDirectory()) return;
    for (const name of await readdir(path).catch(() => [])) await visit(join(path, name));
  };
  await visit(dir);
  return { bytes, inodes: seen.size };
}
