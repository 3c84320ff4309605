import assert from 'node:assert/strict';
import test from 'node:test';
import type { Seccomp, SeccompArg, SeccompSyscall } from '../spec.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import { compileFilter } from './filter.ts';
import { archFacts, type SeccompArch } from './numbers.ts';
import { resolveProfile } from './resolve.ts';

interface Call {
  readonly arch: SeccompArch;
  readonly number: number;
  readonly args: readonly bigint[];
}

const ALLOW = 0x7fff0000;
const errno = (value: number): number => 0x00050000 + value;
const X86 = ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'] as const;
const ARMS = ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'] as const;

/** Runs a filter as the kernel does (Documentation/networking/filter.rst); also counts the steps. */
function run(filter: Uint8Array, audit: number, call: Call): { verdict: number; steps: number } {
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, audit, true);
  for (const [i, arg] of call.args.entries()) data.setBigUint64(16 + i * 8, BigInt.asUintN(64, arg), true);
  let accumulator = 0;
  for (let at = 0, steps = 1; ; at++, steps++) {
    const k = program.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): number => program.getUint8(at * 8 + (holds ? 2 : 3));
    switch (program.getUint16(at * 8, true)) {
      case 0x20:
        accumulator = data.getUint32(k, true);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        at += jump(accumulator === k);
        break;
      case 0x25:
        at += jump(accumulator > k);
        break;
      case 0x35:
        at += jump(accumulator >= k);
        break;
      case 0x06:
        return { verdict: k, steps };
      default:
        assert.fail(`instruction ${at} is none of those the compiler knows`);
    }
  }
}

function verdict(filter: Uint8Array, call: Call): number {
  return run(filter, archFacts(call.arch).audit, call).verdict;
}

/** What the profile means, rule by rule, written down as plainly as possible: the other side of the comparison. */
function meaning(seccomp: Seccomp, covered: readonly SeccompArch[], call: Call): number {
  const facts = archFacts(call.arch);
  if (!covered.includes(call.arch)) return 0;
  const otherwise = value(seccomp.defaultAction, seccomp.defaultErrnoRet);
  const name = [...facts.numbers].filter(([, number]) => number === call.number).map(([each]) => each);
  const rules = (seccomp.syscalls ?? []).filter((rule) => value(rule.action, rule.errnoRet) !== otherwise);
  const naming = rules.filter((rule) => rule.names.some((each) => name.includes(each)));
  const always = naming.find((rule) => (rule.args ?? []).length === 0);
  const first = always ?? naming.find((rule) => holds(rule, call.args, facts.narrow));
  if (first) return value(first.action, first.errnoRet);
  const named = (seccomp.syscalls ?? []).flatMap((rule) =>
    rule.names.map((each) => facts.numbers.get(each) ?? -1),
  );
  const newer = named.some((n) => n >= 0) && call.number > Math.max(...named);
  const permissive = otherwise >= 0x7ff00000 && otherwise <= ALLOW;
  return newer && !permissive ? errno(38) : otherwise;
}

function value(action: string, errnoRet = 1): number {
  if (action === 'SCMP_ACT_ERRNO') return errno(errnoRet);
  if (action === 'SCMP_ACT_TRACE') return 0x7ff00000 + errnoRet;
  if (action === 'SCMP_ACT_KILL_PROCESS') return 0x80000000;
  if (action === 'SCMP_ACT_LOG') return 0x7ffc0000;
  if (action === 'SCMP_ACT_TRAP') return 0x00030000;
  return action === 'SCMP_ACT_ALLOW' ? ALLOW : 0;
}

function holds({ args = [] }: SeccompSyscall, given: readonly bigint[], narrow: boolean): boolean {
  const results = args.map((arg) => compares(arg, given[arg.index] ?? 0n, narrow));
  const repeats = new Set(args.map(({ index }) => index)).size < args.length;
  return repeats ? results.some(Boolean) : results.every(Boolean);
}

function compares({ op, value: want, valueTwo = 0 }: SeccompArg, given: bigint, narrow: boolean): boolean {
  const cut = (each: bigint | number): bigint => BigInt.asUintN(narrow ? 32 : 64, BigInt(each));
  const [a, b] = [cut(given), cut(want)];
  if (op === 'SCMP_CMP_EQ') return a === b;
  if (op === 'SCMP_CMP_NE') return a !== b;
  if (op === 'SCMP_CMP_LT') return a < b;
  if (op === 'SCMP_CMP_LE') return a <= b;
  if (op === 'SCMP_CMP_GT') return a > b;
  if (op === 'SCMP_CMP_GE') return a >= b;
  return (a & b) === cut(valueTwo);
}

/** mulberry32: the same numbers in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const INTERESTING = [
  0n,
  1n,
  8n,
  37n,
  38n,
  39n,
  40n,
  41n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
];
const WIDE = [...INTERESTING, 0x7e020000n, 0x2000000026n, 0x26_00000000n, (1n << 64n) - 1n, 1n << 63n];

function defaults(arch: 'amd64' | 'arm64', capabilities: readonly string[]): Seccomp {
  const resolved = resolveProfile(DEFAULT_PROFILE, { arch, capabilities, kernel: { major: 6, minor: 1 } });
  assert.ok(resolved);
  return resolved;
}

for (const [arch, covered] of [
  ['amd64', X86],
  ['arm64', ARMS],
] as const) {
  for (const capabilities of [[], ['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE']]) {
    test(`the default filter decides every syscall of ${arch} as the profile means it (${capabilities.join(' ') || 'no capabilities'})`, () => {
      const seccomp = defaults(arch, capabilities);
      const filter = compileFilter(seccomp, arch);
      const pick = random(7);
      for (const each of covered) {
        const { numbers, bit } = archFacts(each);
        const all = new Set([...numbers.values(), ...[402, 466, 467, 500, 4000].map((n) => bit + n)]);
        for (const number of all) {
          for (let i = 0; i < 3; i++) {
            const args = Array.from({ length: 6 }, () => WIDE[Math.floor(pick() * WIDE.length)] ?? 0n);
            const call = { arch: each, number, args };
            assert.equal(verdict(filter, call), meaning(seccomp, covered, call), `${each} ${number} ${args}`);
          }
        }
      }
    });
  }
}

test('a search takes few steps and the whole default filter stays far below the limit', () => {
  const filter = compileFilter(defaults('amd64', []), 'amd64');
  assert.ok(filter.length / 8 < 1500, `${filter.length / 8} instructions`);
  const { steps } = run(filter, 0xc000003e, { arch: 'SCMP_ARCH_X86_64', number: 0, args: [] });
  assert.ok(steps < 20, `${steps} steps for read(2)`);
});

const OPS = ['EQ', 'NE', 'LT', 'LE', 'GT', 'GE', 'MASKED_EQ'].map((op) => `SCMP_CMP_${op}`);
const ACTIONS = ['ALLOW', 'ERRNO', 'KILL', 'KILL_PROCESS', 'TRAP', 'LOG', 'TRACE'].map(
  (a) => `SCMP_ACT_${a}`,
);
const NAMES = ['read', 'write', 'clone', 'personality', 'keyctl', 'no_such_call', 'mseal', 'fcntl64', 'open'];

test('any profile decides as it means, whatever its rules', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const pick = random(seed);
    const one = <T>(list: readonly T[]): T => list[Math.floor(pick() * list.length)] ?? assert.fail();
    const seccomp: Seccomp = {
      defaultAction: one(ACTIONS),
      defaultErrnoRet: 5,
      architectures: X86.filter(() => pick() < 0.6),
      syscalls: Array.from({ length: Math.floor(pick() * 12) }, () => ({
        names: [one(NAMES), one(NAMES)],
        action: one(ACTIONS),
        errnoRet: Math.floor(pick() * 40),
        args: Array.from({ length: Math.floor(pick() * 4) }, () => ({
          index: Math.floor(pick() * 6),
          value: one(WIDE),
          valueTwo: one(INTERESTING),
          op: one(OPS),
        })),
      })),
    };
    const covered: SeccompArch[] = [
      'SCMP_ARCH_X86_64',
      ...X86.filter((a) => seccomp.architectures?.includes(a)),
    ];
    const filter = compileFilter(seccomp, 'amd64');
    for (let i = 0; i < 60; i++) {
      const arch = one(X86);
      const { numbers, bit } = archFacts(arch);
      const number = numbers.get(one(NAMES)) ?? bit + Math.floor(pick() * 500);
      const call = { arch, number, args: Array.from({ length: 6 }, () => one(WIDE)) };
      assert.equal(
        verdict(filter, call),
        meaning(seccomp, covered, call),
        `seed ${seed}: ${JSON.stringify(call.number)}`,
      );
    }
  }
});

const allowAll = (rule: SeccompSyscall): Uint8Array =>
  compileFilter(
    { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86'], syscalls: [rule] },
    'amd64',
  );

test('what is forbidden on i386 is forbidden through socketcall and ipc too', () => {
  const filter = allowAll({ names: ['socket', 'shmget'], action: 'SCMP_ACT_ERRNO' });
  const call = (number: number, first: bigint): number =>
    verdict(filter, { arch: 'SCMP_ARCH_X86', number, args: [first] });
  assert.equal(call(102, 1n), errno(1), 'socketcall(SYS_SOCKET)');
  assert.equal(call(102, 2n), ALLOW, 'socketcall(SYS_BIND)');
  assert.equal(call(117, 23n), errno(1), 'ipc(SHMGET)');
  assert.equal(call(117, 0x1_0017n), errno(1), 'ipc(SHMGET) with a version in the upper half');
});

test('a condition that socketcall would hide does not open it', () => {
  const filter = compileFilter(
    {
      defaultAction: 'SCMP_ACT_ERRNO',
      architectures: ['SCMP_ARCH_X86'],
      syscalls: [
        {
          names: ['socket'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 38, op: 'SCMP_CMP_LT' }],
        },
      ],
    },
    'amd64',
  );
  const through = (number: number, args: bigint[]): number =>
    verdict(filter, { arch: 'SCMP_ARCH_X86', number, args });
  assert.equal(through(359, [2n]), ALLOW, 'socket(AF_INET)');
  assert.equal(through(359, [38n]), errno(1), 'socket(AF_ALG)');
  assert.equal(through(102, [1n]), errno(1), 'socketcall(SYS_SOCKET)');
});

test('a call cancelled by a tracer is not killed for its number', () => {
  const filter = compileFilter({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }, 'amd64');
  assert.equal(
    run(filter, 0xc000003e, { arch: 'SCMP_ARCH_X86_64', number: 0xffffffff, args: [] }).verdict,
    ALLOW,
  );
  assert.equal(verdict(filter, { arch: 'SCMP_ARCH_X32', number: 0x40000000, args: [] }), 0);
});

const bad: readonly { name: string; seccomp: Seccomp; message: RegExp }[] = [
  {
    name: 'an agent is asked for',
    seccomp: { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mount'], action: 'SCMP_ACT_NOTIFY' }] },
    message: /linux\.seccomp\.syscalls\[0\]\.action: SCMP_ACT_NOTIFY needs a seccomp agent/,
  },
  {
    name: 'an action is unknown',
    seccomp: { defaultAction: 'SCMP_ACT_NONSENSE' },
    message: /linux\.seccomp\.defaultAction: "SCMP_ACT_NONSENSE" is none of/,
  },
  {
    name: 'an architecture is unknown',
    seccomp: { defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_Z80'] },
    message: /linux\.seccomp\.architectures\[0\]: "SCMP_ARCH_Z80"/,
  },
  {
    name: 'an operator is unknown',
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_KILL', args: [{ index: 0, value: 0, op: 'SCMP_CMP_LIKE' }] },
      ],
    },
    message: /syscalls\[0\]\.args\[0\]\.op: "SCMP_CMP_LIKE" is none of/,
  },
  {
    name: 'the filter is longer than the kernel takes',
    seccomp: {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: Array.from({ length: 1000 }, (_, value) => ({
        names: ['read'],
        action: 'SCMP_ACT_ERRNO',
        args: [{ index: 0, value, op: 'SCMP_CMP_EQ' }],
      })),
    },
    message: /compiles to \d+ instructions, the kernel takes 4096/,
  },
];
for (const { name, seccomp, message } of bad) {
  test(`refused: ${name}`, () => {
    assert.throws(() => compileFilter(seccomp, 'amd64'), { kind: 'invalid', message });
  });
}
