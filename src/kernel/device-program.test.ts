import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeviceRule } from './cgroup-limits.ts';
import {
  AND,
  compileDeviceRules,
  EXIT,
  encodeProgram,
  type Instruction,
  JUMP,
  JUMP_IF_ANY_BIT,
  JUMP_UNEQUAL,
  LOAD_WORD,
  MOVE,
  SET,
  SHIFT_RIGHT,
} from './device-program.ts';

/** Runs a program the way the kernel does, for the few instructions the compiler uses. */
function run(program: readonly Instruction[], context: readonly number[]): number {
  const registers: number[] = Array(11).fill(0);
  for (let at = 0; ; at++) {
    const instruction = program[at];
    assert.ok(instruction, 'the program runs past its end');
    const { code, dst, src, offset, imm } = instruction;
    const value = registers[dst] ?? 0;
    if (code === EXIT) return registers[0] ?? 0;
    else if (code === LOAD_WORD) registers[dst] = context[offset / 4] ?? 0;
    else if (code === MOVE) registers[dst] = registers[src] ?? 0;
    else if (code === SET) registers[dst] = imm;
    else if (code === AND) registers[dst] = value & imm;
    else if (code === SHIFT_RIGHT) registers[dst] = value >>> imm;
    else if (code === JUMP) at += offset;
    else if (code === JUMP_UNEQUAL) at += value === imm ? 0 : offset;
    else if (code === JUMP_IF_ANY_BIT) at += value & imm ? offset : 0;
    else assert.fail(`unknown instruction ${code}`);
  }
}

/** Every instruction can be reached: the verifier insists. */
function assertReachable(program: readonly Instruction[]): void {
  const seen = new Set<number>();
  const visit = (at: number): void => {
    const instruction = program[at];
    assert.ok(instruction, 'a jump leads past the end');
    if (seen.has(at)) return;
    seen.add(at);
    const { code, offset } = instruction;
    if ([JUMP, JUMP_UNEQUAL, JUMP_IF_ANY_BIT].includes(code)) visit(at + 1 + offset);
    if (code !== EXIT && code !== JUMP) visit(at + 1);
  };
  visit(0);
  assert.equal(seen.size, program.length, 'unreachable instructions');
}

function allowed(rules: readonly DeviceRule[], request: string): boolean {
  const [type, numbers = '', access = ''] = request.split(' ');
  const [major, minor] = numbers.split(':').map(Number);
  const bits = [...access].reduce((sum, letter) => sum | ({ m: 1, r: 2, w: 4 }[letter] ?? 0), 0);
  const program = compileDeviceRules(rules);
  assertReachable(program);
  return run(program, [(type === 'b' ? 1 : 2) | (bits << 16), major ?? 0, minor ?? 0]) === 1;
}

const deny: DeviceRule = { allow: false, access: 'rwm' };
const null_: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' };

const ROWS: { name: string; rules: DeviceRule[]; yes: string[]; no: string[] }[] = [
  { name: 'no rules', rules: [], yes: [], no: ['c 1:3 r', 'b 8:0 m'] },
  { name: 'deny all', rules: [deny], yes: [], no: ['c 1:3 r', 'b 8:0 m'] },
  { name: 'allow all', rules: [{ allow: true }], yes: ['c 1:3 rwm', 'b 8:0 rwm'], no: [] },
  {
    name: 'one device',
    rules: [deny, null_],
    yes: ['c 1:3 rwm', 'c 1:3 r'],
    no: ['b 1:3 r', 'c 1:5 r', 'c 2:3 r'],
  },
  {
    name: 'mknod of anything',
    rules: [
      deny,
      { allow: true, type: 'c', access: 'm' },
      { allow: true, type: 'b', major: -1, minor: -1, access: 'm' },
    ],
    yes: ['c 7:7 m', 'b 8:0 m'],
    no: ['c 7:7 rm', 'b 8:0 r'],
  },
  {
    name: 'a whole major',
    rules: [deny, { allow: true, type: 'c', major: 136, access: 'rw' }],
    yes: ['c 136:0 rw', 'c 136:1048575 w'],
    no: ['c 136:0 m', 'c 135:0 r'],
  },
  {
    name: 'access from several rules adds up',
    rules: [deny, { ...null_, access: 'r' }, { ...null_, access: 'w' }],
    yes: ['c 1:3 rw'],
    no: ['c 1:3 rwm'],
  },
  {
    name: 'a later rule takes back',
    rules: [{ allow: true }, { ...null_, allow: false, access: 'w' }],
    yes: ['c 1:3 rm', 'c 1:5 rwm'],
    no: ['c 1:3 w', 'c 1:3 rw'],
  },
  {
    name: 'a later rule gives back',
    rules: [{ allow: true }, { ...null_, allow: false }, null_],
    yes: ['c 1:3 rwm'],
    no: [],
  },
  { name: 'a reset forgets what came before', rules: [null_, deny], yes: [], no: ['c 1:3 r'] },
];

for (const { name, rules, yes, no } of ROWS) {
  test(`device rules: ${name}`, () => {
    for (const request of yes) assert.ok(allowed(rules, request), `${request} should be allowed`);
    for (const request of no) assert.ok(!allowed(rules, request), `${request} should be denied`);
  });
}

test('device rules: encoding', () => {
  const program = encodeProgram(compileDeviceRules([deny]));
  assert.equal(
    program
      .toString('hex')
      .replace(/(.{16})/g, '$1 ')
      .trim(),
    '6112000000000000 bc23000000000000 54020000ffff0000 7403000010000000 6114040000000000 6115080000000000 ' +
      'b700000000000000 9500000000000000',
  );
});
