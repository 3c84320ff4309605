import { EngineError } from '../../base/errors.ts';
import type { Seccomp } from '../spec.ts';
import { isPermissive, RET_ENOSYS, RET_KILL_THREAD, verdictOf } from './actions.ts';
import { ARCH_AT, encode, type Instruction, JUMP_EQUAL, load, NUMBER_AT, ret, skip } from './bpf.ts';
import { decide, lastNamed, type NamedRule, nameRules } from './decisions.ts';
import { archFacts, type SeccompArch, X32_BIT } from './numbers.ts';
import { emitTree, mergeRanges, type Range } from './tree.ts';

const ARCHES: readonly SeccompArch[] = [
  'SCMP_ARCH_X86_64',
  'SCMP_ARCH_X32',
  'SCMP_ARCH_X86',
  'SCMP_ARCH_AARCH64',
  'SCMP_ARCH_ARM',
];
/** Known to libseccomp, but no call on our hosts can carry them. */
const FOREIGN =
  /^SCMP_ARCH_(MIPS(EL)?(64(N32)?)?|PPC(64(LE)?)?|S390X?|PARISC(64)?|RISCV64|LOONGARCH64|M68K|SH(EB)?)$/;
const NATIVE = { amd64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const;
/** The number -1: a tracer has cancelled the call. */
const CANCELLED = 0xffff_ffff;

/**
 * Compiles OCI's `linux.seccomp` to a filter for a host of architecture `host` (seccomp(2)): an array of `struct
 * sock_filter`. The verdicts are libseccomp's: the native architecture is always covered, calls of another one than
 * those listed kill the thread, names that an architecture does not have are passed over. Calls newer than every one the
 * profile names get ENOSYS rather than a forbidding default action, as runc does it, so that C libraries fall back.
 * Rules with checks on one syscall are tried in their order. Throws `invalid` naming the field.
 */
export function compileFilter(seccomp: Seccomp, host: 'amd64' | 'arm64'): Uint8Array {
  const { defaultAction, defaultErrnoRet } = seccomp;
  const otherwise = verdictOf(defaultAction, defaultErrnoRet, 'linux.seccomp.defaultAction');
  const rules = nameRules(seccomp.syscalls ?? [], ({ action, errnoRet }, path) =>
    verdictOf(action, errnoRet, `${path}.action`),
  );
  const arches = coveredArches(seccomp, host);
  const audits = new Set(arches.map((arch) => archFacts(arch).audit));
  const blocks = [...audits].map((audit) => {
    const sharing = arches.filter((arch) => archFacts(arch).audit === audit);
    return { audit, code: compileArches(rules, sharing, otherwise) };
  });
  return encode([
    load(ARCH_AT),
    ...blocks.flatMap(({ audit, code }) => [
      { code: JUMP_EQUAL, k: audit, jt: 1, jf: 0 },
      skip(code.length),
      ...code,
    ]),
    ret(RET_KILL_THREAD),
  ]);
}

function coveredArches(seccomp: Seccomp, host: 'amd64' | 'arm64'): SeccompArch[] {
  const listed = (seccomp.architectures ?? []).flatMap((name, i) => {
    const arch = ARCHES.find((each) => each === name);
    if (arch === undefined && !FOREIGN.test(name)) {
      throw new EngineError(
        'invalid',
        `linux.seccomp.architectures[${i}]: ${JSON.stringify(name)} is no architecture of libseccomp`,
      );
    }
    return arch ?? [];
  });
  return [...new Set([NATIVE[host], ...listed])];
}

/** Code for the calling conventions that share one AUDIT_ARCH: one, or x86-64 and x32. */
function compileArches(
  rules: readonly NamedRule[],
  arches: readonly SeccompArch[],
  otherwise: number,
): Instruction[] {
  const ranges = arches.flatMap((arch) => rangesOf(rules, arch, otherwise));
  if (arches.includes('SCMP_ARCH_X86_64') && !arches.includes('SCMP_ARCH_X32')) {
    ranges.push(always(X32_BIT, RET_KILL_THREAD));
  }
  ranges.push(always(CANCELLED, otherwise));
  const narrow = arches.some((arch) => archFacts(arch).narrow);
  return [load(NUMBER_AT), ...emitTree(mergeRanges(ranges), narrow, otherwise)];
}

function rangesOf(rules: readonly NamedRule[], arch: SeccompArch, otherwise: number): Range[] {
  const facts = archFacts(arch);
  const last = lastNamed(rules, facts);
  const ranges = [always(facts.bit, otherwise)];
  const decisions = [...decide(rules, arch, facts, otherwise)].sort(([a], [b]) => a - b);
  for (const [number, decision] of decisions) {
    ranges.push({ from: number, decision }, always(number + 1, otherwise));
  }
  if (last >= 0 && !isPermissive(otherwise)) ranges.push(always(last + 1, RET_ENOSYS));
  return ranges;
}

function always(from: number, verdict: number): Range {
  return { from, decision: { kind: 'always', verdict } };
}
