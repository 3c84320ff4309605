import type { DeviceRule } from './cgroup-limits.ts';
import { compileDeviceRules, encodeProgram } from './device-program.ts';
import { asFd, type Fd, own } from './fd.ts';
import { addressOf, syscall } from './syscall.ts';

/* bpf(2), as far as device control of cgroup v2 needs it. Layouts: union bpf_attr, include/uapi/linux/bpf.h. */

const sysBpf = syscall('bpf', 'int', 'bytes', 'uint');

const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_DETACH = 9;
const BPF_PROG_GET_FD_BY_ID = 13;
const BPF_PROG_QUERY = 16;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2;
const ATTR_SIZE = 72;
const MAX_PROGRAMS = 64;

/**
 * Puts device rules into force for the cgroup v2 directory `cgroup` (not `O_PATH`) and takes those of before out of it. In
 * between both hold, so that nothing is ever allowed that neither allows.
 */
export function setDeviceRules(cgroup: Fd, rules: readonly DeviceRule[]): void {
  const before = attachedPrograms(cgroup);
  using program = own(loadProgram(encodeProgram(compileDeviceRules(rules))));
  attach(BPF_PROG_ATTACH, cgroup, program.fd, BPF_F_ALLOW_MULTI);
  for (const id of before) {
    using old = own(programById(id));
    attach(BPF_PROG_DETACH, cgroup, old.fd, 0);
  }
}

/** Ids of the device programs attached to exactly this cgroup. */
export function attachedPrograms(cgroup: Fd): number[] {
  const ids = Buffer.alloc(4 * MAX_PROGRAMS);
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(cgroup, 0);
  attr.writeUInt32LE(BPF_CGROUP_DEVICE, 4);
  attr.writeBigUInt64LE(addressOf(ids), 16);
  attr.writeUInt32LE(MAX_PROGRAMS, 24);
  sysBpf(BPF_PROG_QUERY, attr, attr.length);
  return Array.from({ length: attr.readUInt32LE(24) }, (_, i) => ids.readUInt32LE(4 * i));
}

function loadProgram(instructions: Buffer): Fd {
  const license = Buffer.from('Apache-2.0\0');
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(BPF_PROG_TYPE_CGROUP_DEVICE, 0);
  attr.writeUInt32LE(instructions.length / 8, 4);
  attr.writeBigUInt64LE(addressOf(instructions), 8);
  attr.writeBigUInt64LE(addressOf(license), 16);
  attr.write('gantry_devices', 48, 'latin1');
  return asFd(sysBpf(BPF_PROG_LOAD, attr, attr.length));
}

function attach(command: number, cgroup: Fd, program: Fd, flags: number): void {
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(cgroup, 0);
  attr.writeUInt32LE(program, 4);
  attr.writeUInt32LE(BPF_CGROUP_DEVICE, 8);
  attr.writeUInt32LE(flags, 12);
  sysBpf(command, attr, attr.length);
}

function programById(id: number): Fd {
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(id, 0);
  return asFd(sysBpf(BPF_PROG_GET_FD_BY_ID, attr, attr.length));
}
