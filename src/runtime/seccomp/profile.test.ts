import assert from 'node:assert/strict';
import test from 'node:test';
import { parseProfile } from './parse-profile.ts';
import { resolveProfile } from './resolve.ts';

const target = { arch: 'amd64', capabilities: ['CAP_SYS_ADMIN'], kernel: { major: 5, minor: 14 } } as const;

function resolved(profile: object): unknown {
  return resolveProfile(parseProfile(JSON.stringify(profile)), target);
}

test('an empty profile switches seccomp off', () => {
  assert.equal(resolved({ names: 'nothing known' }), undefined);
});

const rule = { names: ['mount'], action: 'SCMP_ACT_ALLOW' };
const conditions: readonly { name: string; rule: object; counts: boolean }[] = [
  { name: 'a capability that is there', rule: { includes: { caps: ['CAP_SYS_ADMIN'] } }, counts: true },
  {
    name: 'one of two capabilities',
    rule: { includes: { caps: ['CAP_SYS_ADMIN', 'CAP_BPF'] } },
    counts: false,
  },
  {
    name: 'an excluded capability',
    rule: { excludes: { caps: ['CAP_BPF', 'CAP_SYS_ADMIN'] } },
    counts: false,
  },
  { name: 'this architecture', rule: { includes: { arches: ['arm64', 'amd64'] } }, counts: true },
  { name: 'another architecture', rule: { includes: { arches: ['arm64'] } }, counts: false },
  { name: 'an excluded architecture', rule: { excludes: { arches: ['amd64'] } }, counts: false },
  { name: 'the same kernel', rule: { includes: { minKernel: '5.14' } }, counts: true },
  { name: 'a newer kernel', rule: { includes: { minKernel: '5.15' } }, counts: false },
  { name: 'an older major version', rule: { includes: { minKernel: '4.99' } }, counts: true },
  { name: 'an excluded kernel', rule: { excludes: { minKernel: '5.0' } }, counts: false },
  { name: 'nothing', rule: { includes: null, excludes: {} }, counts: true },
];
for (const { name, rule: extra, counts } of conditions) {
  test(`a rule on ${name} ${counts ? 'counts' : 'does not count'}`, () => {
    const seccomp = resolveProfile(
      parseProfile(JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ ...rule, ...extra }] })),
      target,
    );
    assert.deepEqual(seccomp?.syscalls, counts ? [rule] : []);
  });
}

test('64-bit values keep their last digit, and the old form with one name is read', () => {
  const text =
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_KILL","args":[{"index":1,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}';
  assert.deepEqual(resolveProfile(parseProfile(text), target)?.syscalls, [
    {
      names: ['read'],
      action: 'SCMP_ACT_KILL',
      args: [{ index: 1, value: 18446744073709551615n, op: 'SCMP_CMP_EQ' }],
    },
  ]);
});

const bad: readonly { profile: object; message: RegExp }[] = [
  {
    profile: {
      architectures: ['SCMP_ARCH_X86_64'],
      archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
      defaultAction: 'x',
    },
    message: /both 'architectures' and 'archMap'/,
  },
  {
    profile: { syscalls: [{ name: 'a', names: ['b'], action: 'x' }] },
    message: /'name' and 'names' were specified/,
  },
  { profile: { syscalls: [{ names: ['a'] }] }, message: /syscalls\[0\]\.action: expected a string/ },
  {
    profile: { syscalls: [{ names: ['a'], action: 'x', args: [{ index: 6, op: 'x' }] }] },
    message: /syscalls\[0\]\.args\[0\]\.index: 6/,
  },
  {
    profile: { syscalls: [{ names: ['a'], action: 'x', args: [{ index: 0, value: -1, op: 'x' }] }] },
    message: /syscalls\[0\]\.args\[0\]\.value: expected a whole number/,
  },
  { profile: { defaultAction: 'x', defaultErrnoRet: 5000 }, message: /defaultErrnoRet: 5000 is no errno/ },
  {
    profile: { defaultAction: 'x', syscalls: [{ ...rule, includes: { minKernel: '5' } }] },
    message: /minKernel "5": expected "X\.Y"/,
  },
];
for (const { profile, message } of bad) {
  test(`refused: ${message.source}`, () => {
    assert.throws(() => resolved(profile), { kind: 'invalid', message });
  });
}
