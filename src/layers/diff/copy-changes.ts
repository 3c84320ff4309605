import { type Stat, statEntry, statIfThere } from '../../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../../kernel/constants.ts';
import { readDirectory } from '../../kernel/directories.ts';
import { readLink } from '../../kernel/entries.ts';
import { type Fd, openAt, own } from '../../kernel/fd.ts';
import { getXattr, listXattrs } from '../../kernel/xattrs.ts';
import { joinPath } from '../apply/names.ts';
import { byName, type Change, sameAttributes, sameTimes } from './change.ts';

/**
 * What a tree changes of the tree it was copied from. A file of the same size, owner, mode and time to the nanosecond is
 * the same: its content is not read.
 */
export function* copyChanges(tree: Fd, original: Fd | undefined): Generator<Change> {
  const stat = statEntry(tree, '');
  const below = original === undefined ? undefined : statEntry(original, '');
  yield {
    kind: 'entry',
    path: '',
    at: tree,
    name: '',
    stat,
    below,
    same: below !== undefined && sameAttributes(stat, below),
  };
  yield* changesIn(tree, original, '');
}

function* changesIn(tree: Fd, original: Fd | undefined, path: string): Generator<Change> {
  const names = new Set(readDirectory(tree).map(({ name }) => name));
  const gone = original === undefined ? [] : readDirectory(original).filter(({ name }) => !names.has(name));
  for (const { name } of byName([...gone, ...[...names].map((name) => ({ name }))])) {
    const entryPath = joinPath(path, name);
    if (names.has(name)) yield* entryChanges(tree, original, name, entryPath);
    else yield { kind: 'gone', path: entryPath };
  }
}

function* entryChanges(tree: Fd, original: Fd | undefined, name: string, path: string): Generator<Change> {
  const stat = statEntry(tree, name);
  const below = original === undefined ? undefined : statIfThere(original, name);
  const same = below !== undefined && original !== undefined && isSame(tree, original, name, stat, below);
  if (stat.type !== 'directory') {
    if (!same) yield { kind: 'entry', path, at: tree, name, stat, below, same: false };
    return;
  }
  using directory = own(openAt(tree, name, O_PATH | O_DIRECTORY));
  const change: Change = { kind: 'entry', path, at: tree, name, stat, below, same };
  if (original === undefined || below?.type !== 'directory') {
    yield change;
    yield* changesIn(directory.fd, undefined, path);
    return;
  }
  using originalDirectory = own(openAt(original, name, O_PATH | O_DIRECTORY));
  // A directory that is the same is only told when something in it is not.
  let told = !same;
  if (told) yield change;
  for (const inside of changesIn(directory.fd, originalDirectory.fd, path)) {
    if (!told) yield change;
    told = true;
    yield inside;
  }
}

function isSame(tree: Fd, original: Fd, name: string, stat: Stat, below: Stat): boolean {
  if (stat.type !== below.type || !sameAttributes(stat, below) || !sameTimes(stat, below)) return false;
  if (!sameXattrs(tree, original, name)) return false;
  switch (stat.type) {
    case 'file':
      return stat.size === below.size && stat.nlink === below.nlink;
    case 'symlink':
      return readLink(tree, name) === readLink(original, name);
    case 'char':
    case 'block':
      return stat.rdev.major === below.rdev.major && stat.rdev.minor === below.rdev.minor;
    case 'directory':
    case 'fifo':
    case 'socket':
      return true;
  }
}

function sameXattrs(tree: Fd, original: Fd, name: string): boolean {
  const names = listXattrs(tree, name).sort();
  if (names.join('\0') !== listXattrs(original, name).sort().join('\0')) return false;
  return names.every((key) => {
    const value = getXattr(tree, name, key);
    return value !== undefined && (getXattr(original, name, key)?.equals(value) ?? false);
  });
}
