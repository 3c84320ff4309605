import { EngineError } from '../../base/errors.ts';
import type { SeccompArg } from '../spec.ts';
import {
  AND,
  ARGS_AT,
  type Instruction,
  JUMP_EQUAL,
  JUMP_GREATER,
  JUMP_GREATER_EQUAL,
  load,
  ret,
} from './bpf.ts';

const OPS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;
type Op = (typeof OPS)[number];

/** One comparison of an argument: `(argument & mask) OP value`, unsigned. The mask is all ones but for MASKED_EQ. */
export interface Check {
  readonly index: number;
  readonly op: Op;
  readonly mask: bigint;
  readonly value: bigint;
}

/** Where a check's jump goes: on to its next instruction, past it (it holds), or past the whole rule (it does not). */
type Target = 'next' | 'holds' | 'fails';
interface Step {
  readonly code: number;
  readonly k: number;
  readonly jt: Target;
  readonly jf: Target;
}

const ALL_ONES = (1n << 64n) - 1n;
const WORD = 0xffff_ffffn;

/** Reads an OCI argument condition; `path` names it in errors. */
export function parseCheck(arg: SeccompArg, path: string): Check {
  const op = OPS.find((each) => each === arg.op);
  if (op === undefined) {
    throw new EngineError('invalid', `${path}.op: ${JSON.stringify(arg.op)} is none of ${OPS.join(', ')}`);
  }
  const { index } = arg;
  if (!Number.isInteger(index) || index < 0 || index > 5) {
    throw new EngineError('invalid', `${path}.index: ${index}: a syscall has arguments 0 to 5`);
  }
  const value = BigInt(arg.value);
  if (op !== 'SCMP_CMP_MASKED_EQ') return { index, op, mask: ALL_ONES, value };
  return { index, op, mask: value, value: BigInt(arg.valueTwo ?? 0) };
}

/** Instructions that return `verdict` when every check holds, and go on behind themselves otherwise. */
export function emitRule(checks: readonly Check[], narrow: boolean, verdict: number): Instruction[] {
  const parts = checks.map((check) => stepsOf(check, narrow));
  const total = parts.reduce((sum, steps) => sum + steps.length, 0) + 1;
  const out: Instruction[] = [];
  for (const steps of parts) {
    const end = out.length + steps.length;
    for (const { code, k, jt, jf } of steps) {
      const after = out.length + 1;
      const distance = { next: 0, holds: end - after, fails: total - after };
      out.push({ code, k, jt: distance[jt], jf: distance[jf] });
    }
  }
  return [...out, ret(verdict)];
}

/**
 * 32-bit programs have 32-bit arguments, of whose upper halves nothing is known (int 0x80 from a 64-bit program), so
 * only the lower halves are compared, as libseccomp does.
 */
function stepsOf(check: Check, narrow: boolean): Step[] {
  const low = ARGS_AT + check.index * 8;
  const halves = (each: bigint): [high: number, low: number] => [Number(each >> 32n), Number(each & WORD)];
  const [maskHigh, maskLow] = halves(check.mask);
  const [valueHigh, valueLow] = halves(check.value);
  const lowSteps = [...masked(low, maskLow), ...compareLow(check.op, valueLow)];
  if (narrow) return lowSteps;
  return [...masked(low + 4, maskHigh), ...compareHigh(check.op, valueHigh), ...lowSteps];
}

function masked(offset: number, mask: number): Step[] {
  const steps: Step[] = [{ ...load(offset), jt: 'next', jf: 'next' }];
  if (mask !== 0xffff_ffff) steps.push({ code: AND, k: mask, jt: 'next', jf: 'next' });
  return steps;
}

function compareLow(op: Op, k: number): Step[] {
  switch (op) {
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_MASKED_EQ':
      return [{ code: JUMP_EQUAL, k, jt: 'holds', jf: 'fails' }];
    case 'SCMP_CMP_NE':
      return [{ code: JUMP_EQUAL, k, jt: 'fails', jf: 'holds' }];
    case 'SCMP_CMP_GT':
      return [{ code: JUMP_GREATER, k, jt: 'holds', jf: 'fails' }];
    case 'SCMP_CMP_LE':
      return [{ code: JUMP_GREATER, k, jt: 'fails', jf: 'holds' }];
    case 'SCMP_CMP_GE':
      return [{ code: JUMP_GREATER_EQUAL, k, jt: 'holds', jf: 'fails' }];
    case 'SCMP_CMP_LT':
      return [{ code: JUMP_GREATER_EQUAL, k, jt: 'fails', jf: 'holds' }];
  }
}

/** The upper half decides unless it is equal. */
function compareHigh(op: Op, k: number): Step[] {
  switch (op) {
    case 'SCMP_CMP_EQ':
    case 'SCMP_CMP_MASKED_EQ':
      return [{ code: JUMP_EQUAL, k, jt: 'next', jf: 'fails' }];
    case 'SCMP_CMP_NE':
      return [{ code: JUMP_EQUAL, k, jt: 'next', jf: 'holds' }];
    case 'SCMP_CMP_GT':
    case 'SCMP_CMP_GE':
      return [
        { code: JUMP_GREATER, k, jt: 'holds', jf: 'next' },
        { code: JUMP_EQUAL, k, jt: 'next', jf: 'fails' },
      ];
    case 'SCMP_CMP_LT':
    case 'SCMP_CMP_LE':
      return [
        { code: JUMP_GREATER, k, jt: 'fails', jf: 'next' },
        { code: JUMP_EQUAL, k, jt: 'next', jf: 'holds' },
      ];
  }
}
