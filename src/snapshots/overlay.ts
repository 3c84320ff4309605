import type { Ctx } from '../base/ctx.ts';
import { statEntry } from '../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { TreeCopier } from '../kernel/copy-tree.ts';
import { openPath, own } from '../kernel/fd.ts';
import { DirectorySnapshotter } from './directory-snapshotter.ts';
import { chainOf, getCommitted, getSnapshot } from './records.ts';
import type { SnapshotKey, SnapshotMounts } from './snapshotter.ts';

/** Snapshots as overlay filesystems (Documentation/filesystems/overlayfs.rst): every layer is a directory of its own. */
export class OverlaySnapshotter extends DirectorySnapshotter {
  readonly whiteouts = 'overlay';

  mounts(key: SnapshotKey): SnapshotMounts {
    const { kind, id, parent } = getSnapshot(this.store, key);
    const below = parent === undefined ? [] : chainOf(this.store, parent);
    const upper = kind === 'active' ? id : undefined;
    const lower = upper === undefined && id !== undefined ? [id, ...below] : below;
    const [only] = upper === undefined ? lower : [upper];
    if (only !== undefined && lower.length + (upper === undefined ? 0 : 1) === 1) {
      return { kind: 'bind', dir: this.directories.fs(only), readOnly: upper === undefined };
    }
    return {
      kind: 'overlay',
      base: this.directories.base,
      lower: lower.map((each) => this.directories.fs(each)),
      lowerNames: lower.map((each) => `${each}/fs`),
      ...(upper !== undefined && { upper: this.directories.fs(upper), work: this.directories.work(upper) }),
    };
  }

  lowerDirs(key: SnapshotKey | undefined): readonly string[] {
    if (key === undefined) return [];
    getCommitted(this.store, key);
    return chainOf(this.store, key).map((id) => this.directories.fs(id));
  }

  /** The root of an overlay has the attributes of the upper directory, so that gets those of the layer below. */
  protected async makeActive(_ctx: Ctx, id: number, parent: SnapshotKey | undefined): Promise<void> {
    this.directories.make(id);
    const [top] = this.lowerDirs(parent);
    if (top === undefined) return;
    using from = own(openPath(top, O_PATH | O_DIRECTORY));
    using to = own(openPath(this.directories.fs(id), O_PATH | O_DIRECTORY));
    const copier = new TreeCopier(to.fd, { skipXattr: (name) => name.startsWith('trusted.overlay.') });
    copier.attributes(from.fd, '', statEntry(from.fd, ''), to.fd, '');
  }
}
