import { EngineError } from '../base/errors.ts';
import type { DeviceRule } from './cgroup-limits.ts';

/*
 * Device rules of cgroup v2, which has no devices controller: a program of type BPF_PROG_TYPE_CGROUP_DEVICE is asked at
 * every open and mknod of a device and answers 1 (allow) or 0. Its context is `struct bpf_cgroup_dev_ctx`: u32 access_type
 * (low half 1 block or 2 character, high half 1 mknod | 2 read | 4 write), u32 major, u32 minor (include/uapi/linux/bpf.h).
 */

/** One eBPF instruction (Documentation/bpf/standardization/instruction-set.rst). */
export interface Instruction {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly offset: number;
  readonly imm: number;
}

export const LOAD_WORD = 0x61; // dst = *(u32 *)(src + offset)
export const MOVE = 0xbc; // 32 bits, register to register
export const SET = 0xb7;
export const AND = 0x54; // 32 bits
export const SHIFT_RIGHT = 0x74; // 32 bits
export const JUMP = 0x05;
export const JUMP_UNEQUAL = 0x55;
export const JUMP_IF_ANY_BIT = 0x45;
export const EXIT = 0x95;

const RESULT = 0;
const CONTEXT = 1;
const TYPE = 2;
/** The kinds of access that no rule has granted yet. */
const NEEDED = 3;
const MAJOR = 4;
const MINOR = 5;

const TYPES = { b: 1, c: 2 } as const;
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ANY_ACCESS = 7;

/**
 * Compiles rules of which, for each kind of access asked for, the last that matches decides, and none means no. So they
 * are tried from the last to the first: a rule that denies something still needed ends it, one that allows takes its kinds
 * of access off what is needed until nothing is left. Throws `invalid` for an unknown kind of access.
 */
export function compileDeviceRules(rules: readonly DeviceRule[]): Instruction[] {
  const program: Instruction[] = [
    instruction(LOAD_WORD, { dst: TYPE, src: CONTEXT, offset: 0 }),
    instruction(MOVE, { dst: NEEDED, src: TYPE }),
    instruction(AND, { dst: TYPE, imm: 0xffff }),
    instruction(SHIFT_RIGHT, { dst: NEEDED, imm: 16 }),
    instruction(LOAD_WORD, { dst: MAJOR, src: CONTEXT, offset: 4 }),
    instruction(LOAD_WORD, { dst: MINOR, src: CONTEXT, offset: 8 }),
  ];
  for (const rule of [...rules].reverse()) {
    const conditions = conditionsOf(rule);
    const verdict = verdictOf(rule);
    const length = conditions.length + verdict.length;
    conditions.forEach(([register, value], i) => {
      program.push(instruction(JUMP_UNEQUAL, { dst: register, imm: value, offset: length - i - 1 }));
    });
    program.push(...verdict);
    // What follows a rule that always decides is never reached, and the verifier refuses that.
    if (conditions.length === 0 && accessOf(rule) === ANY_ACCESS) return program;
  }
  return [...program, ...answer(0)];
}

/** The program as the kernel reads it: 8 bytes an instruction, little-endian. */
export function encodeProgram(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({ code, dst, src, offset, imm }, i) => {
    bytes.writeUInt8(code, i * 8);
    bytes.writeUInt8(dst | (src << 4), i * 8 + 1);
    bytes.writeInt16LE(offset, i * 8 + 2);
    bytes.writeInt32LE(imm, i * 8 + 4);
  });
  return bytes;
}

function conditionsOf(rule: DeviceRule): [register: number, value: number][] {
  const conditions: [number, number][] = [];
  if (rule.type === 'b' || rule.type === 'c') conditions.push([TYPE, TYPES[rule.type]]);
  if (rule.major !== undefined && rule.major >= 0) conditions.push([MAJOR, rule.major]);
  if (rule.minor !== undefined && rule.minor >= 0) conditions.push([MINOR, rule.minor]);
  return conditions;
}

function verdictOf(rule: DeviceRule): Instruction[] {
  const access = accessOf(rule);
  if (access === ANY_ACCESS) return answer(rule.allow ? 1 : 0);
  if (rule.allow) {
    return [
      instruction(AND, { dst: NEEDED, imm: ANY_ACCESS & ~access }),
      instruction(JUMP_UNEQUAL, { dst: NEEDED, imm: 0, offset: 2 }),
      ...answer(1),
    ];
  }
  return [
    instruction(JUMP_IF_ANY_BIT, { dst: NEEDED, imm: access, offset: 1 }),
    instruction(JUMP, { offset: 2 }),
    ...answer(0),
  ];
}

function accessOf(rule: DeviceRule): number {
  return [...(rule.access ?? 'rwm')].reduce((bits, letter) => {
    const bit = ACCESS[letter];
    if (bit === undefined) {
      throw new EngineError(
        'invalid',
        `device rule: access ${JSON.stringify(rule.access)} is not made of r, w and m`,
      );
    }
    return bits | bit;
  }, 0);
}

function answer(value: 0 | 1): Instruction[] {
  return [instruction(SET, { dst: RESULT, imm: value }), instruction(EXIT, {})];
}

function instruction(code: number, rest: Partial<Omit<Instruction, 'code'>>): Instruction {
  return { code, dst: 0, src: 0, offset: 0, imm: 0, ...rest };
}
