import type { Ctx } from '../base/ctx.ts';
import { runInSlices } from '../base/slices.ts';
import { statEntry } from '../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { readDirectory } from '../kernel/directories.ts';
import { type Fd, openAt, own } from '../kernel/fd.ts';
import { openRoot } from '../kernel/rooted.ts';
import type { SnapshotUsage } from './snapshotter.ts';

/** What a tree takes on disk; a file with several names counts once. */
export async function treeUsage(ctx: Ctx, directory: string): Promise<SnapshotUsage> {
  using root = own(openRoot(directory));
  const sum = { bytes: 0, inodes: 0, linked: new Set<string>() };
  await runInSlices(ctx, count(root.fd, sum));
  return { bytes: sum.bytes, inodes: sum.inodes };
}

interface Sum {
  bytes: number;
  inodes: number;
  readonly linked: Set<string>;
}

const BLOCK = 512;

function* count(directory: Fd, sum: Sum): Generator<void> {
  add(directory, '', sum);
  for (const { name, type } of readDirectory(directory)) {
    if (type === 'directory') {
      using below = own(openAt(directory, name, O_PATH | O_DIRECTORY));
      yield* count(below.fd, sum);
    } else {
      add(directory, name, sum);
    }
    yield;
  }
}

function add(directory: Fd, name: string, sum: Sum): void {
  const { blocks, nlink, ino, dev, type } = statEntry(directory, name);
  if (nlink > 1 && type !== 'directory') {
    const inode = `${dev} ${ino}`;
    if (sum.linked.has(inode)) return;
    sum.linked.add(inode);
  }
  sum.bytes += blocks * BLOCK;
  sum.inodes++;
}
