import { EngineError } from '../base/errors.ts';
import type { Capabilities } from './spec.ts';

/** By number (linux/capability.h, Linux 5.9 and later). */
export const CAPABILITIES = `
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST
NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE
SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
  .trim()
  .split(/\s+/)
  .map((name) => `CAP_${name}`);

/** What Docker gives a container that asks for nothing. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

const ALL = 'ALL';

/** Names of the bits set in `mask`, as `CapBnd` of /proc/PID/status has it; bits without a name are passed over. */
export function capabilityNames(mask: bigint): string[] {
  return CAPABILITIES.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

/** What a process can hand out, by its /proc/PID/status: what it holds and its bounding set lets through execve(2). */
export function availableCapabilities(status: string): string[] {
  const set = (field: 'CapPrm' | 'CapBnd'): bigint =>
    BigInt(`0x${new RegExp(`^${field}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0'}`);
  return capabilityNames(set('CapPrm') & set('CapBnd'));
}

/** The bits of `names`. Throws `invalid` naming `path` and the capability that Linux does not have. */
export function capabilityMask(names: readonly string[], path: string): bigint {
  return names.reduce((mask, name) => {
    const bit = CAPABILITIES.indexOf(name);
    if (bit < 0) {
      throw new EngineError('invalid', `${path}: unknown capability: ${JSON.stringify(name)}`);
    }
    return mask | (1n << BigInt(bit));
  }, 0n);
}

/**
 * Capabilities of a container: the default ones with `--cap-drop` taken off and `--cap-add` put on, `ALL` meaning every one
 * of `available` (what the daemon itself may hand out). Names come with or without `CAP_`, in any case. Throws `invalid` in
 * Docker's words.
 */
export function tweakCapabilities(
  tweak: { readonly add: readonly string[]; readonly drop: readonly string[]; readonly privileged: boolean },
  available: readonly string[],
): string[] {
  if (tweak.privileged) return [...available];
  const drop = normalize(tweak.drop, available);
  const add = normalize(tweak.add, available);
  const unique = (names: readonly string[]): string[] => [...new Set(names)];
  if (add.includes(ALL)) return available.filter((name) => !drop.includes(name));
  if (drop.includes(ALL)) return unique(add);
  const defaults = DEFAULT_CAPABILITIES.filter((name) => available.includes(name));
  return unique([...defaults.filter((name) => !drop.includes(name)), ...add]);
}

function normalize(names: readonly string[], available: readonly string[]): string[] {
  return names.map((given) => {
    const upper = given.toUpperCase();
    if (upper === ALL) return ALL;
    const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (!CAPABILITIES.includes(name)) {
      throw new EngineError('invalid', `unknown capability: ${JSON.stringify(name)}`);
    }
    if (!available.includes(name)) {
      throw new EngineError(
        'invalid',
        `capability not supported by your kernel or not available in the current environment: ${JSON.stringify(name)}`,
      );
    }
    return name;
  });
}

/**
 * The sets of a process of user `uid` that may have `names`: what execve(2) would leave anyway, so that nobody but root
 * holds them at once, and inheritable and ambient stay empty (CVE-2022-24769, CVE-2022-29162).
 */
export function capabilitySets(names: readonly string[], uid: number): Capabilities {
  return uid === 0 ? { bounding: names, effective: names, permitted: names } : { bounding: names };
}
