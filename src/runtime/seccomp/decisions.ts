import type { SeccompSyscall } from '../spec.ts';
import { isPermissive } from './actions.ts';
import { type Check, parseCheck } from './checks.ts';
import { I386_MULTIPLEXED } from './multiplexers.ts';
import type { ArchFacts, SeccompArch } from './numbers.ts';

/** What happens to one syscall: the first rule whose checks all hold decides, else the default action. */
export type Decision =
  | { readonly kind: 'always'; readonly verdict: number }
  | { readonly kind: 'checked'; readonly rules: readonly CheckedRule[] };

export interface CheckedRule {
  readonly checks: readonly Check[];
  readonly verdict: number;
}

/** A rule for a name, before it has a number. */
export interface NamedRule extends CheckedRule {
  readonly name: string;
}

/** All rules of a profile name by name, conditions read. `verdict` turns a rule's action into a return value. */
export function nameRules(
  syscalls: readonly SeccompSyscall[],
  verdict: (rule: SeccompSyscall, path: string) => number,
): NamedRule[] {
  return syscalls.flatMap((rule, i) => {
    const path = `linux.seccomp.syscalls[${i}]`;
    const value = verdict(rule, path);
    const checks = (rule.args ?? []).map((arg, j) => parseCheck(arg, `${path}.args[${j}]`));
    return rule.names.flatMap((name) =>
      alternatives(checks).map((each) => ({ name, checks: each, verdict: value })),
    );
  });
}

/** libseccomp compares each argument once per rule; runc therefore makes one rule of each check when one argument has two. */
function alternatives(checks: readonly Check[]): (readonly Check[])[] {
  const indexes = new Set(checks.map(({ index }) => index));
  return indexes.size === checks.length ? [checks] : checks.map((check) => [check]);
}

/**
 * What happens to each syscall number of `arch` that the rules speak of. Names the architecture does not have are passed
 * over. A rule without checks outweighs all with checks; a rule that says what the default says is none.
 */
export function decide(
  rules: readonly NamedRule[],
  arch: SeccompArch,
  facts: ArchFacts,
  defaultVerdict: number,
): Map<number, Decision> {
  const all = arch === 'SCMP_ARCH_X86' ? [...rules, ...multiplexed(rules)] : rules;
  const decisions = new Map<number, Decision>();
  for (const { name, checks, verdict } of all) {
    const number = facts.numbers.get(name);
    if (number === undefined || verdict === defaultVerdict) continue;
    const before = decisions.get(number);
    if (before?.kind === 'always') continue;
    if (checks.length === 0) decisions.set(number, { kind: 'always', verdict });
    else {
      decisions.set(number, { kind: 'checked', rules: [...(before?.rules ?? []), { checks, verdict }] });
    }
  }
  return decisions;
}

/**
 * The rules' counterparts for socketcall(2) and ipc(2), whose arguments lie in memory that a filter cannot read: a rule
 * with checks cannot be kept there, so what it forbids is forbidden altogether and what it allows is not allowed.
 */
function multiplexed(rules: readonly NamedRule[]): NamedRule[] {
  return rules.flatMap(({ name, checks, verdict }) => {
    const entry = I386_MULTIPLEXED.get(name);
    if (!entry || (checks.length > 0 && isPermissive(verdict))) return [];
    const check: Check = {
      index: 0,
      op: 'SCMP_CMP_MASKED_EQ',
      mask: 0xffffn,
      value: BigInt(entry.call),
    };
    return [{ name: entry.multiplexer, checks: [check], verdict }];
  });
}

/** The highest number of `arch` that any rule names, -1 for none. */
export function lastNamed(rules: readonly NamedRule[], facts: ArchFacts): number {
  return rules.reduce((last, { name }) => Math.max(last, facts.numbers.get(name) ?? -1), -1);
}
