import { EngineError } from '../../base/errors.ts';
import { statEntry } from '../../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../../kernel/constants.ts';
import { readDirectory } from '../../kernel/directories.ts';
import { type Fd, openAt, own } from '../../kernel/fd.ts';
import { getXattr } from '../../kernel/xattrs.ts';
import { isOpaque, isWhiteout } from '../apply/marks.ts';
import { joinPath } from '../apply/names.ts';
import type { MergedDir } from '../merged.ts';
import { byName, type Change, sameAttributes, sameTimes } from './change.ts';

/**
 * What an overlay's upper directory changes of the layers below. Throws `system` for a directory that overlay has renamed
 * by reference, or a file whose content is still below: mounts with `redirect_dir` or `metacopy` cannot be told as a layer.
 */
export function* overlayChanges(upper: Fd, lower: MergedDir): Generator<Change> {
  const [top] = lower.dirs;
  const stat = statEntry(upper, '');
  const below = top === undefined ? undefined : statEntry(top, '');
  const same = below !== undefined && sameAttributes(stat, below);
  yield { kind: 'entry', path: '', at: upper, name: '', stat, below, same };
  yield* changesIn(upper, lower, '');
}

function* changesIn(upper: Fd, lower: MergedDir | undefined, path: string): Generator<Change> {
  for (const { name } of byName(readDirectory(upper))) {
    const stat = statEntry(upper, name);
    const entryPath = joinPath(path, name);
    const below = lower?.find(name)?.stat;
    if (isWhiteout(stat)) {
      if (below) yield { kind: 'gone', path: entryPath };
    } else if (stat.type === 'directory') {
      yield* directoryChanges(upper, lower, name, entryPath);
    } else {
      if (stat.type === 'file') refuseMark(upper, name, entryPath, 'trusted.overlay.metacopy');
      yield { kind: 'entry', path: entryPath, at: upper, name, stat, below, same: false };
    }
  }
}

function* directoryChanges(
  upper: Fd,
  lower: MergedDir | undefined,
  name: string,
  path: string,
): Generator<Change> {
  refuseMark(upper, name, path, 'trusted.overlay.redirect');
  const stat = statEntry(upper, name);
  const below = lower?.find(name)?.stat;
  using directory = own(openAt(upper, name, O_PATH | O_DIRECTORY));
  using lowerDirectory = lower?.enter(name);
  const opaque = isOpaque(directory.fd);
  const isSame = below?.type === 'directory' && sameAttributes(stat, below) && sameTimes(stat, below);
  yield { kind: 'entry', path, at: upper, name, stat, below, same: isSame && !opaque };
  if (opaque && lowerDirectory) yield { kind: 'opaque', path, names: lowerDirectory.names() };
  yield* changesIn(directory.fd, opaque ? undefined : lowerDirectory, path);
}

function refuseMark(at: Fd, name: string, path: string, mark: string): void {
  if (getXattr(at, name, mark) === undefined) return;
  const cause = `it carries ${mark}: the overlay was mounted with redirect_dir or metacopy on`;
  throw new EngineError('system', `${JSON.stringify(path)} cannot be told as a change: ${cause}`);
}
