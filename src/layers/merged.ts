import { type Stat, statIfThere } from '../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { readDirectory } from '../kernel/directories.ts';
import { closeFd, type Fd, openAt } from '../kernel/fd.ts';
import { openRoot } from '../kernel/rooted.ts';
import { isOpaque, isWhiteout } from './apply/marks.ts';

/** An entry of a merged tree: entry `name` of directory `at`, which is borrowed from the {@link MergedDir} it was found in. */
export interface MergedEntry {
  readonly at: Fd;
  readonly name: string;
  readonly stat: Stat;
}

/**
 * Directories of several layers seen as one, as overlay merges them (Documentation/filesystems/overlayfs.rst): the
 * uppermost entry of a name counts, directories are merged down to an opaque one, whiteouts hide. Reads layers without
 * mounting anything.
 */
export class MergedDir implements Disposable {
  /** The directories, the uppermost first; the first one's attributes are those of the merged directory. */
  readonly dirs: readonly Fd[];

  private constructor(dirs: readonly Fd[]) {
    this.dirs = dirs;
  }

  /** The merge of whole layers, the uppermost first; none at all is an empty tree. */
  static open(layers: readonly string[]): MergedDir {
    const dirs: Fd[] = [];
    try {
      for (const layer of layers) dirs.push(openRoot(layer));
      return new MergedDir(dirs);
    } catch (error) {
      for (const dir of dirs) closeFd(dir);
      throw error;
    }
  }

  /** The entry of that name, or undefined when there is none. */
  find(name: string): MergedEntry | undefined {
    for (const at of this.dirs) {
      const stat = statIfThere(at, name);
      if (stat) return isWhiteout(stat) ? undefined : { at, name, stat };
    }
    return undefined;
  }

  /** The merged directory of that name, which the caller closes; undefined when the entry is none. */
  enter(name: string): MergedDir | undefined {
    const found: Fd[] = [];
    for (const at of this.dirs) {
      const stat = statIfThere(at, name);
      if (!stat) continue;
      if (stat.type !== 'directory') break;
      const dir = openAt(at, name, O_PATH | O_DIRECTORY);
      found.push(dir);
      if (isOpaque(dir)) break;
    }
    return found.length === 0 ? undefined : new MergedDir(found);
  }

  /** Names of the entries, sorted by their bytes' order in UTF-16. */
  names(): string[] {
    const state = new Map<string, boolean>();
    for (const dir of this.dirs) {
      for (const { name, type } of readDirectory(dir)) {
        if (state.has(name)) continue;
        const hidden = type === 'char' && isHidden(dir, name);
        state.set(name, !hidden);
      }
    }
    return [...state].flatMap(([name, there]) => (there ? [name] : [])).sort();
  }

  [Symbol.dispose](): void {
    for (const dir of this.dirs) closeFd(dir);
  }
}

function isHidden(dir: Fd, name: string): boolean {
  const stat = statIfThere(dir, name);
  return stat === undefined || isWhiteout(stat);
}

/**
 * The merged directory at `path` (clean and relative, '' for `root` itself), which the caller closes; undefined when there is
 * none. Symbolic links on the way are not followed: they are not directories.
 */
export function enter(root: MergedDir, path: string): MergedDir | undefined {
  let at = root.enter('.');
  for (const name of path.split('/').filter(Boolean)) {
    using parent = at;
    at = parent?.enter(name);
  }
  return at;
}
