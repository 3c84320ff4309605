import { normalize } from 'node:path/posix';
import { EngineError } from '../base/errors.ts';
import { RLIMITS } from '../formats/rlimits.ts';
import type { Capabilities as CapabilitiesOp, ProcessOp, Seccomp as SeccompOp } from '../kernel/shim-ops.ts';
import { capabilityMask } from './capabilities.ts';
import type { CompileContext } from './compile-context.ts';
import { compileHooks } from './compile-hooks.ts';
import { environmentValue } from './environment.ts';
import { cachedFilter } from './seccomp/filter-cache.ts';
import type { Capabilities, Process, Rlimit, Seccomp, Spec } from './spec.ts';

/** Docker's, and nearly everybody's. */
const DEFAULT_UMASK = 0o022;
const SECCOMP_FLAGS: Readonly<Record<string, SeccompOp['flags'][number]>> = {
  SECCOMP_FILTER_FLAG_TSYNC: 'tsync',
  SECCOMP_FILTER_FLAG_LOG: 'log',
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: 'specAllow',
};

/** A process to be run in a container. */
export interface ProcessToRun {
  /** With the user resolved. */
  readonly process: Process;
  /** HOME, where the environment has none. */
  readonly home: string;
}

/** Compiles the container's first process to what comes after the barrier. Throws as {@link compileExec} does. */
export function compileStart(
  spec: Spec,
  run: ProcessToRun,
  context: Pick<CompileContext, 'id' | 'bundle' | 'arch'>,
): ProcessOp[] {
  const hooks = compileHooks(spec, ['startContainer'], context);
  return compileProcess(run, spec.linux?.seccomp, context, hooks);
}

/** Compiles a further process of a running container. Throws `invalid` or `not-implemented` naming the field. */
export function compileExec(
  spec: Spec,
  run: ProcessToRun,
  context: Pick<CompileContext, 'id' | 'arch'>,
): ProcessOp[] {
  const { terminal, consoleSize } = run.process;
  const tty: ProcessOp[] = terminal
    ? [{ op: 'tty', rows: consoleSize?.height ?? 0, columns: consoleSize?.width ?? 0, console: false }]
    : [];
  return [...tty, ...compileProcess(run, spec.linux?.seccomp, context, [])];
}

function compileProcess(
  { process, home }: ProcessToRun,
  seccomp: Seccomp | undefined,
  { id, arch }: Pick<CompileContext, 'id' | 'arch'>,
  hooks: readonly ProcessOp[],
): ProcessOp[] {
  refuseUnsupported(process);
  const { uid, gid, additionalGids = [], umask = DEFAULT_UMASK } = process.user;
  const { apparmorProfile = '', oomScoreAdj, noNewPrivileges = false } = process;
  const filter: ProcessOp[] = seccomp ? [compileSeccomp(seccomp, arch)] : [];
  return [
    ...(uid === 0 ? [] : [{ op: 'stdioOwner', uid } as const]),
    { op: 'keyring', name: `_ses.${id}` },
    ...(['', 'unconfined'].includes(apparmorProfile)
      ? []
      : [{ op: 'apparmor', profile: apparmorProfile } as const]),
    ...(process.rlimits ?? []).map(compileRlimit),
    ...(oomScoreAdj === undefined ? [] : [{ op: 'oomScoreAdj', value: oomScoreAdj } as const]),
    ...hooks,
    { op: 'cwd', path: normalize(process.cwd) },
    { op: 'identity', uid, gid, groups: additionalGids },
    { op: 'umask', mask: umask },
    ...(noNewPrivileges ? [{ op: 'noNewPrivileges' } as const] : filter),
    compileCapabilities(process.capabilities ?? {}),
    // With no_new_privs a filter needs no capability, so it comes last and need not allow what is above.
    ...(noNewPrivileges ? filter : []),
    compileProgram(process, home),
  ];
}

function refuseUnsupported({ selinuxLabel, scheduler, ioPriority }: Process): void {
  const found = Object.entries({ selinuxLabel, scheduler, ioPriority }).find(([, value]) => value);
  if (found) throw new EngineError('not-implemented', `process.${found[0]}: not supported`);
}

function compileRlimit({ type, soft, hard }: Rlimit, i: number): ProcessOp {
  const resource = RLIMITS.find((name) => name === type);
  if (!resource) {
    throw new EngineError('invalid', `process.rlimits[${i}].type: ${JSON.stringify(type)} is no rlimit`);
  }
  return { op: 'rlimit', resource, soft: BigInt(soft), hard: BigInt(hard) };
}

function compileSeccomp(seccomp: Seccomp, arch: 'amd64' | 'arm64'): SeccompOp {
  const flags = (seccomp.flags ?? []).map((flag, i) => {
    const known = Object.hasOwn(SECCOMP_FLAGS, flag) ? SECCOMP_FLAGS[flag] : undefined;
    if (known) return known;
    throw new EngineError(
      'invalid',
      `linux.seccomp.flags[${i}]: ${JSON.stringify(flag)} is none of ${Object.keys(SECCOMP_FLAGS).join(', ')}`,
    );
  });
  return { op: 'seccomp', flags, filter: cachedFilter(seccomp, arch) };
}

function compileCapabilities(sets: Capabilities): CapabilitiesOp {
  const mask = (set: keyof Capabilities): bigint =>
    capabilityMask(sets[set] ?? [], `process.capabilities.${set}`);
  return {
    op: 'capabilities',
    bounding: mask('bounding'),
    effective: mask('effective'),
    permitted: mask('permitted'),
    inheritable: mask('inheritable'),
    ambient: mask('ambient'),
  };
}

function compileProgram({ args, env = [] }: Process, home: string): ProcessOp {
  const [program, ...rest] = args;
  if (program === undefined || program === '') {
    throw new EngineError('invalid', 'process.args: no command specified');
  }
  const rich = environmentValue(env, 'HOME')
    ? env
    : [...env.filter((each) => each !== 'HOME='), `HOME=${home}`];
  return { op: 'exec', argv: [program, ...rest], env: rich };
}
