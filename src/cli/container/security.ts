import { EngineError, messageOf } from '../../base/errors.ts';
import { readInput } from '../files.ts';
import { splitPair } from '../flags/lists.ts';

const SYSCTLS = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
]);
const SYSCTL_PREFIXES = ['net.', 'fs.mqueue.'];
/** Profiles that the daemon has itself. */
const BUILT_IN_PROFILES = new Set(['unconfined', 'builtin']);

function fail(message: string): never {
  throw new EngineError('invalid', message);
}

/** A `--sysctl`: only those that belong to a namespace. Throws `invalid`. */
export function checkSysctl(text: string): string {
  const [name, value] = splitPair(text);
  const allowed = SYSCTLS.has(name) || SYSCTL_PREFIXES.some((prefix) => name.startsWith(prefix));
  return value !== undefined && allowed ? text : fail(`sysctl '${text}' is not allowed`);
}

/** Capabilities by their full names, sorted, each once; `ALL` stands for the rest. */
export function capabilityNames(names: readonly string[]): string[] {
  const full = names.map((name) => {
    const upper = name.trim().toUpperCase();
    return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  });
  return full.includes('ALL') ? ['ALL'] : [...new Set(full)].sort();
}

export interface SecurityPlan {
  options: string[];
  /** `systempaths=unconfined`: nothing masked, nothing read-only. */
  unmasked: boolean;
}

/** Settles all `--security-opt`s; seccomp profiles are read here, since the daemon may be elsewhere. Throws `invalid`. */
export async function securityRequest(options: readonly string[]): Promise<SecurityPlan> {
  const settled: string[] = [];
  for (const option of options) settled.push(await settle(option));
  return {
    options: settled.filter((option) => option !== 'systempaths=unconfined'),
    unmasked: settled.includes('systempaths=unconfined'),
  };
}

async function settle(option: string): Promise<string> {
  const [name, value] = splitPair(option);
  if (value === undefined && name !== 'no-new-privileges' && !option.includes(':')) {
    return fail(`Invalid --security-opt: ${JSON.stringify(option)}`);
  }
  const colon = option.indexOf(':');
  const profile = value ?? (name.startsWith('seccomp:') ? option.slice(colon + 1) : undefined);
  const isSeccomp = name === 'seccomp' || name.startsWith('seccomp:');
  if (!isSeccomp || profile === undefined || BUILT_IN_PROFILES.has(profile)) return option;
  return `seccomp=${await readProfile(profile)}`;
}

async function readProfile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readInput(path);
  } catch (error) {
    throw new EngineError('invalid', `opening seccomp profile (${path}) failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    return JSON.stringify(JSON.parse(text));
  } catch (error) {
    throw new EngineError(
      'invalid',
      `compacting json for seccomp profile (${path}) failed: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
