import { capabilitySets } from './capabilities.ts';
import type { Process } from './spec.ts';
import type { ResolvedUser } from './user.ts';

/** The process run by `user`: ids, groups, and the capabilities that such a user may hold. */
export function settleUser(process: Process, { uid, gid, groups }: ResolvedUser): Process {
  return {
    ...process,
    user: { ...process.user, uid, gid, additionalGids: groups },
    capabilities: capabilitySets(process.capabilities?.bounding ?? [], uid),
  };
}
