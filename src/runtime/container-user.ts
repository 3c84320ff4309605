import { own } from '../kernel/fd.ts';
import { openRoot, readFileIn } from '../kernel/rooted.ts';
import { isErrno } from '../kernel/syscall.ts';
import { type ResolvedUser, resolveUser } from './user.ts';

/** Resolves a user against the passwd and group files of the container whose process `pid` is; see {@link resolveUser}. */
export function resolveContainerUser(pid: number, user: string, groupAdd: readonly string[]): ResolvedUser {
  using root = own(openRoot(`/proc/${pid}/root`));
  return resolveUser(user, groupAdd, (path, limit) => {
    try {
      return readFileIn(root.fd, path, limit).toString('utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  });
}
