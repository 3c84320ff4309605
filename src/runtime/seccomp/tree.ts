import { type Instruction, JUMP_GREATER_EQUAL, MAX_JUMP, ret, skip } from './bpf.ts';
import { emitRule } from './checks.ts';
import type { Decision } from './decisions.ts';

/** `decision` holds from this number up to the next range. */
export interface Range {
  readonly from: number;
  readonly decision: Decision;
}

/** The ranges in ascending order, neighbours that decide alike as one; of two that begin at one number the later counts. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const byStart = new Map(ranges.map((range) => [range.from, range]));
  const merged: Range[] = [];
  for (const range of [...byStart.values()].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (!last || !alike(last.decision, range.decision)) merged.push(range);
  }
  return merged;
}

function alike(a: Decision, b: Decision): boolean {
  return a.kind === 'always' && b.kind === 'always' && a.verdict === b.verdict;
}

/** A binary search for the number in the accumulator; every path ends in a return. `ranges` is not empty. */
export function emitTree(ranges: readonly Range[], narrow: boolean, defaultVerdict: number): Instruction[] {
  const middle = ranges.length >> 1;
  const pivot = ranges[middle];
  if (middle === 0 || !pivot) return emitLeaf(ranges[0]?.decision, narrow, defaultVerdict);
  const below = emitTree(ranges.slice(0, middle), narrow, defaultVerdict);
  const above = emitTree(ranges.slice(middle), narrow, defaultVerdict);
  const test = { code: JUMP_GREATER_EQUAL, k: pivot.from };
  return below.length <= MAX_JUMP
    ? [{ ...test, jt: below.length, jf: 0 }, ...below, ...above]
    : [{ ...test, jt: 0, jf: 1 }, skip(below.length), ...below, ...above];
}

function emitLeaf(decision: Decision | undefined, narrow: boolean, defaultVerdict: number): Instruction[] {
  if (decision?.kind !== 'checked') return [ret(decision?.verdict ?? defaultVerdict)];
  const rules = decision.rules.flatMap(({ checks, verdict }) => emitRule(checks, narrow, verdict));
  return [...rules, ret(defaultVerdict)];
}
