import { EngineError } from '../../base/errors.ts';
import type { Seccomp, SeccompSyscall } from '../spec.ts';
import type { Conditions, Profile, ProfileRule } from './profile.ts';

/** The circumstances that a profile's conditions speak of. */
export interface ProfileTarget {
  /** In Go's words, as profiles have it. */
  readonly arch: 'amd64' | 'arm64';
  /** The container's bounding set: `CAP_SYS_ADMIN`, … */
  readonly capabilities: readonly string[];
  readonly kernel: KernelVersion;
}

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
}

const NATIVE = { amd64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const;

/**
 * The rules of `profile` that count for `target`, as OCI's `linux.seccomp`; `undefined` when the profile has neither a
 * default action nor rules, which switches seccomp off. Throws `invalid` naming the field.
 */
export function resolveProfile(profile: Profile, target: ProfileTarget): Seccomp | undefined {
  if (profile.defaultAction === '' && profile.syscalls.length === 0) return undefined;
  const { defaultErrnoRet, flags } = profile;
  return {
    defaultAction: profile.defaultAction,
    ...(defaultErrnoRet !== undefined && { defaultErrnoRet }),
    architectures: architecturesOf(profile, target),
    ...(flags !== undefined && flags.length > 0 && { flags }),
    syscalls: profile.syscalls.filter((rule) => counts(rule, target)).map(withoutConditions),
  };
}

function architecturesOf(profile: Profile, target: ProfileTarget): readonly string[] {
  const { architectures = [], archMap = [] } = profile;
  if (architectures.length > 0 && archMap.length > 0) {
    throw new EngineError(
      'invalid',
      "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  if (architectures.length > 0) return architectures;
  const entry = archMap.find(({ architecture }) => architecture === NATIVE[target.arch]);
  return entry ? [entry.architecture, ...entry.subArchitectures] : [];
}

function counts({ includes, excludes }: ProfileRule, target: ProfileTarget): boolean {
  return holdsAll(includes ?? {}, target) && !holdsAny(excludes ?? {}, target);
}

function holdsAll({ caps = [], arches = [], minKernel }: Conditions, target: ProfileTarget): boolean {
  return (
    (arches.length === 0 || arches.includes(target.arch)) &&
    caps.every((cap) => target.capabilities.includes(cap)) &&
    (minKernel === undefined || atLeast(target.kernel, minKernel))
  );
}

function holdsAny({ caps = [], arches = [], minKernel }: Conditions, target: ProfileTarget): boolean {
  return (
    arches.includes(target.arch) ||
    caps.some((cap) => target.capabilities.includes(cap)) ||
    (minKernel !== undefined && atLeast(target.kernel, minKernel))
  );
}

function atLeast(kernel: KernelVersion, wanted: string): boolean {
  const match = /^(\d{1,5})\.(\d{1,5})$/.exec(wanted);
  if (!match) {
    throw new EngineError('invalid', `seccomp profile: minKernel ${JSON.stringify(wanted)}: expected "X.Y"`);
  }
  const major = Number(match[1]);
  return kernel.major > major || (kernel.major === major && kernel.minor >= Number(match[2]));
}

function withoutConditions({ names, action, errnoRet, args }: ProfileRule): SeccompSyscall {
  return {
    names,
    action,
    ...(errnoRet !== undefined && { errnoRet }),
    ...(args !== undefined && args.length > 0 && { args }),
  };
}
