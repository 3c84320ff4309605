import { readFileSync } from 'node:fs';
import type { TarEntry } from '../../formats/tar-entry.ts';
import { chmod, chown, setTimes } from '../../kernel/attributes.ts';
import type { Fd } from '../../kernel/fd.ts';
import { isErrno } from '../../kernel/syscall.ts';
import { setXattr } from '../../kernel/xattrs.ts';
import { isReservedXattr } from './marks.ts';

const SET_ID = 0o6000;

/** What the kernel takes from every mode given to open, mkdir and mknod (proc_pid_status(5)); asking umask(2) would change it. */
const umask = Number.parseInt(
  /^Umask:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '777',
  8,
);

/**
 * Gives an entry that was made with `madeWith` what its header says, in the only order that works: changing the owner
 * clears set-id bits and `security.capability`, and writing clears the latter too. What it has already is not set again.
 * `(at, name)` as in kernel/attributes.ts. Names of attributes that could not be set are added to `leftOut`.
 */
export function applyAttributes(
  at: Fd,
  name: string,
  entry: TarEntry,
  madeWith: number,
  leftOut: Set<string>,
): void {
  const owned = entry.uid !== 0 || entry.gid !== 0;
  if (owned) chown(at, name, entry.uid, entry.gid);
  if (entry.type !== 'symlink') {
    const cleared = owned && (entry.mode & SET_ID) !== 0;
    if (cleared || (madeWith & ~umask) !== entry.mode) chmod(at, name, entry.mode);
  }
  if (entry.xattrs.length > 0) applyXattrs(at, name, entry, leftOut);
  setTimes(at, name, entry.atime ?? entry.mtime, entry.mtime);
}

function applyXattrs(at: Fd, name: string, entry: TarEntry, leftOut: Set<string>): void {
  for (const xattr of entry.xattrs) {
    if (isReservedXattr(xattr.name)) {
      leftOut.add(xattr.name);
      continue;
    }
    try {
      setXattr(at, name, xattr.name, xattr.value);
    } catch (error) {
      // No such namespace here (macOS's, say), or not on this type of entry: the file is still good without.
      if (!isErrno(error, 'EOPNOTSUPP', 'EPERM')) throw error;
      leftOut.add(xattr.name);
    }
  }
}
