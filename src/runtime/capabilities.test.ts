import assert from 'node:assert/strict';
import test from 'node:test';
import {
  availableCapabilities,
  CAPABILITIES,
  capabilityMask,
  capabilityNames,
  capabilitySets,
  DEFAULT_CAPABILITIES,
  tweakCapabilities,
} from './capabilities.ts';

const without = (...names: string[]): string[] =>
  DEFAULT_CAPABILITIES.filter((name) => !names.includes(name));
const all = CAPABILITIES.filter((name) => name !== 'CAP_SYS_RESOURCE');

const rows: readonly {
  name: string;
  add?: string[];
  drop?: string[];
  privileged?: boolean;
  want: readonly string[];
}[] = [
  { name: 'nothing asked', want: DEFAULT_CAPABILITIES },
  {
    name: 'added by short and long name',
    add: ['net_admin', 'CAP_SYS_PTRACE'],
    want: [...DEFAULT_CAPABILITIES, 'CAP_NET_ADMIN', 'CAP_SYS_PTRACE'],
  },
  { name: 'added though there already', add: ['CHOWN'], want: DEFAULT_CAPABILITIES },
  { name: 'dropped', drop: ['mknod', 'CAP_KILL'], want: without('CAP_MKNOD', 'CAP_KILL') },
  { name: 'all dropped, one added', add: ['CHOWN'], drop: ['ALL'], want: ['CAP_CHOWN'] },
  { name: 'all dropped', drop: ['all'], want: [] },
  {
    name: 'all added but one',
    add: ['ALL'],
    drop: ['NET_RAW'],
    want: all.filter((name) => name !== 'CAP_NET_RAW'),
  },
  { name: 'dropped and added', add: ['KILL'], drop: ['KILL'], want: [...without('CAP_KILL'), 'CAP_KILL'] },
  { name: 'privileged', drop: ['ALL'], privileged: true, want: all },
];
for (const { name, add = [], drop = [], privileged = false, want } of rows) {
  test(`capabilities: ${name}`, () => {
    assert.deepEqual(tweakCapabilities({ add, drop, privileged }, all), want);
  });
}

test("unknown and unavailable capabilities are refused in Docker's words", () => {
  const add = (name: string) => () => tweakCapabilities({ add: [name], drop: [], privileged: false }, all);
  assert.throws(add('fly'), { kind: 'invalid', message: 'unknown capability: "CAP_FLY"' });
  assert.throws(add('SYS_RESOURCE'), {
    kind: 'invalid',
    message:
      'capability not supported by your kernel or not available in the current environment: "CAP_SYS_RESOURCE"',
  });
});

test('only root holds capabilities, and nobody inherits them (CVE-2022-24769)', () => {
  const names = ['CAP_CHOWN'];
  assert.deepEqual(capabilitySets(names, 0), { bounding: names, effective: names, permitted: names });
  assert.deepEqual(capabilitySets(names, 1000), { bounding: names });
});

test("masks follow the kernel's numbers", () => {
  assert.equal(
    capabilityMask(['CAP_CHOWN', 'CAP_SYS_ADMIN', 'CAP_CHECKPOINT_RESTORE'], 'x'),
    1n | (1n << 21n) | (1n << 40n),
  );
  assert.equal(capabilityMask(DEFAULT_CAPABILITIES, 'x'), 0xa80425fbn);
  assert.deepEqual(capabilityNames(0xa80425fbn).sort(), [...DEFAULT_CAPABILITIES].sort());
  assert.throws(
    () => capabilityMask(['CAP_FLY'], 'process.capabilities.bounding'),
    /process\.capabilities\.bounding: unknown/,
  );
});

test('a process hands out what it holds and may pass on', () => {
  const status = (permitted: string, bounding: string) =>
    `Name:\tgantryd\nCapInh:\tffff\nCapPrm:\t${permitted}\nCapEff:\t0\nCapBnd:\t${bounding}\nCapAmb:\t0\n`;
  const rows = [
    { in: status('0000000000000003', '0000000000000007'), want: ['CAP_CHOWN', 'CAP_DAC_OVERRIDE'] },
    { in: status('0000000000000006', '0000000000000003'), want: ['CAP_DAC_OVERRIDE'] },
    { in: 'Name:\tgantryd\n', want: [] },
  ];
  for (const row of rows) assert.deepEqual(availableCapabilities(row.in), row.want);
});
