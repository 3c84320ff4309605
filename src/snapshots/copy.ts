import type { Ctx } from '../base/ctx.ts';
import { runInSlices } from '../base/slices.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { TreeCopier } from '../kernel/copy-tree.ts';
import { openPath, own } from '../kernel/fd.ts';
import { DirectorySnapshotter } from './directory-snapshotter.ts';
import { getCommitted, getSnapshot } from './records.ts';
import type { SnapshotKey, SnapshotMounts } from './snapshotter.ts';

/** Snapshots as whole copies, by reference where the filesystem can: for hosts that cannot mount an overlay on their disk. */
export class CopySnapshotter extends DirectorySnapshotter {
  readonly whiteouts = 'facts';

  mounts(key: SnapshotKey): SnapshotMounts {
    const { kind, parent } = getSnapshot(this.store, key);
    const tree = kind === 'view' && parent !== undefined ? parent : key;
    return { kind: 'bind', dir: this.#tree(tree), readOnly: kind !== 'active' };
  }

  lowerDirs(key: SnapshotKey | undefined): readonly string[] {
    if (key === undefined) return [];
    getCommitted(this.store, key);
    return [this.#tree(key)];
  }

  protected async makeActive(ctx: Ctx, id: number, parent: SnapshotKey | undefined): Promise<void> {
    this.directories.make(id);
    const [tree] = this.lowerDirs(parent);
    if (tree === undefined) return;
    try {
      using from = own(openPath(tree, O_PATH | O_DIRECTORY));
      using to = own(openPath(this.directories.fs(id), O_PATH | O_DIRECTORY));
      await runInSlices(ctx, new TreeCopier(to.fd).contents(from.fd, to.fd, ''));
    } catch (error) {
      this.directories.remove(id);
      throw error;
    }
  }

  #tree(key: SnapshotKey): string {
    const { id } = getSnapshot(this.store, key);
    if (id === undefined) throw new Error(`snapshot ${key} has no directory`);
    return this.directories.fs(id);
  }
}
