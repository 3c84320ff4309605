import { EngineError } from '../../base/errors.ts';

/** One instruction of classic BPF: `struct sock_filter` of linux/filter.h. Jumps count the instructions skipped. */
export interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly jt: number;
  readonly jf: number;
}

/** `BPF_LD | BPF_W | BPF_ABS` and so on (linux/bpf_common.h). */
export const LOAD = 0x20;
export const AND = 0x54;
export const JUMP = 0x05;
export const JUMP_EQUAL = 0x15;
export const JUMP_GREATER = 0x25;
export const JUMP_GREATER_EQUAL = 0x35;
export const RETURN = 0x06;

/** Offsets in struct seccomp_data (linux/seccomp.h). */
export const NUMBER_AT = 0;
export const ARCH_AT = 4;
export const ARGS_AT = 16;

/** Longest distance of a conditional jump. */
export const MAX_JUMP = 255;
/** BPF_MAXINSNS of linux/bpf_common.h. */
const MAX_INSTRUCTIONS = 4096;

export function load(offset: number): Instruction {
  return { code: LOAD, k: offset, jt: 0, jf: 0 };
}

export function ret(value: number): Instruction {
  return { code: RETURN, k: value, jt: 0, jf: 0 };
}

/** An unconditional jump. */
export function skip(count: number): Instruction {
  return { code: JUMP, k: count, jt: 0, jf: 0 };
}

/** The program as an array of `struct sock_filter`, little endian. Throws `invalid` when the kernel would refuse its length. */
export function encode(program: readonly Instruction[]): Uint8Array {
  if (program.length > MAX_INSTRUCTIONS) {
    throw new EngineError(
      'invalid',
      `seccomp profile: compiles to ${program.length} instructions, the kernel takes ${MAX_INSTRUCTIONS}; use fewer argument conditions`,
    );
  }
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  return new Uint8Array(view.buffer);
}
