import { capabilitySets } from './capabilities.ts';
import { environmentValue } from './environment.ts';
import type { Process, Spec } from './spec.ts';
import type { ResolvedUser } from './user.ts';

/** The spec with its process run by `user`. */
export function settleUser(spec: Spec & { readonly process: Process }, user: ResolvedUser): typeof spec {
  return { ...spec, process: settleProcessUser(spec.process, user) };
}

/** The process run by `user`: ids, the capabilities such a user may hold, and HOME unless the environment has one. */
export function settleProcessUser(process: Process, user: ResolvedUser): Process {
  const { uid, gid, groups, home } = user;
  const env = process.env ?? [];
  return {
    ...process,
    user: { ...process.user, uid, gid, additionalGids: groups },
    capabilities: capabilitySets(process.capabilities?.bounding ?? [], uid),
    env: environmentValue(env, 'HOME') ? env : [...env.filter((entry) => entry !== 'HOME='), `HOME=${home}`],
  };
}
