import { EngineError } from '../base/errors.ts';

/** Which namespaces of its own a container has; a sysctl may only be set where it is the container's. */
export interface OwnNamespaces {
  readonly network: boolean;
  readonly ipc: boolean;
  readonly uts: boolean;
}

/** sysctls of an IPC namespace besides those below fs.mqueue (namespaces(7), ipc_namespaces(7)). */
const IPC = ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map(
  (name) => `kernel.${name}`,
);

/**
 * What a container that makes its network namespace is given unless it says otherwise: ping without CAP_NET_RAW, and ports
 * below 1024 for every user, as Docker does since 20.10.
 */
export const DEFAULT_NETWORK_SYSCTLS: Readonly<Record<string, string>> = {
  'net.ipv4.ping_group_range': '0 2147483647',
  'net.ipv4.ip_unprivileged_port_start': '0',
};

/** Checks each name against the container's namespaces. Throws `invalid` in runc's words. */
export function checkSysctls(names: readonly string[], own: OwnNamespaces): void {
  for (const name of names) {
    const problem = problemWith(sysctlPath(name).split('/'), own);
    if (problem) throw new EngineError('invalid', `sysctl ${JSON.stringify(name)} ${problem}`);
  }
}

function problemWith(parts: readonly string[], own: OwnNamespaces): string | undefined {
  const dotted = parts.join('.');
  if (IPC.includes(dotted) || (parts[0] === 'fs' && parts[1] === 'mqueue')) {
    return own.ipc ? undefined : 'is not allowed in the hosts ipc namespace';
  }
  if (parts[0] === 'net') {
    return own.network ? undefined : 'not allowed in host network namespace';
  }
  if (dotted === 'kernel.domainname') {
    return own.uts ? undefined : 'is not allowed in the hosts UTS namespace';
  }
  if (dotted === 'kernel.hostname') return "is not allowed as it conflicts with the OCI 'hostname' field";
  return 'is not in a separate kernel namespace';
}

/**
 * Path of a sysctl below /proc/sys. Whichever of `.` and `/` comes first separates; the other belongs to the names
 * (sysctl(8)): `net.ipv4.conf.eno2/100.rp_filter` and `net/ipv4/conf/eno2.100/rp_filter` are one. Throws `invalid`.
 */
export function sysctlPath(name: string): string {
  const first = /[./]/.exec(name)?.[0];
  const swap = (char: string): string => (char === '.' ? '/' : '.');
  const path = first === '.' ? name.replace(/[./]/g, swap) : name;
  const parts = path.split('/');
  if (parts.length < 2 || parts.some((part) => /^\.{0,2}$/.test(part)) || /[^\x21-\x7e]/.test(path)) {
    throw new EngineError('invalid', `sysctl ${JSON.stringify(name)} is no name of a sysctl`);
  }
  return path;
}
