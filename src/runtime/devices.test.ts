import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceAccess, parseDeviceRule } from './devices.ts';
import type { HostDevice } from './host-lookups.ts';

const node = (path: string, minor: number): HostDevice => ({
  path,
  type: 'c',
  major: 188,
  minor,
  mode: 0o660,
  uid: 0,
  gid: 20,
});
const host = {
  devicesAt: (path: string) => [node(`${path}/a`, 1), node(`${path}/b`, 2)],
  allDevices: () => [node('/dev/all', 9)],
};
const mapping = { pathOnHost: '/dev/x', pathInContainer: '/dev/y', cgroupPermissions: 'r' };

test('devices: those below a directory come under their new name, each with its rule', () => {
  const { devices, rules } = deviceAccess({ devices: [mapping], cgroupRules: ['c 4:* m'] }, false, host);
  assert.deepEqual(
    devices.map(({ path }) => path),
    ['/dev/y/a', '/dev/y/b'],
  );
  assert.deepEqual(rules[0], { allow: false, access: 'rwm' });
  assert.deepEqual(rules.slice(-3), [
    { allow: true, type: 'c', major: 188, minor: 1, access: 'r' },
    { allow: true, type: 'c', major: 188, minor: 2, access: 'r' },
    { allow: true, type: 'c', major: 4, minor: -1, access: 'm' },
  ]);
});

test('devices: privileged has all of the host, and those that are to have another name', () => {
  const same = { ...mapping, pathInContainer: '/dev/x' };
  const { devices, rules } = deviceAccess({ devices: [same, mapping], cgroupRules: [] }, true, host);
  assert.deepEqual(
    devices.map(({ path }) => path),
    ['/dev/all', '/dev/y/a', '/dev/y/b'],
  );
  assert.deepEqual(rules, [{ allow: true, access: 'rwm' }]);
});

test('devices: permissions are made of r, w and m', () => {
  const settings = { devices: [{ ...mapping, cgroupPermissions: 'rx' }], cgroupRules: [] };
  assert.throws(() => deviceAccess(settings, false, host), { kind: 'invalid', message: /permissions "rx"/ });
});

const rules = [
  { in: 'c 188:* rmw', want: { type: 'c', major: 188, minor: -1, access: 'rmw' } },
  { in: 'b 8:0 r', want: { type: 'b', major: 8, minor: 0, access: 'r' } },
  { in: 'a', want: { type: 'a', major: -1, minor: -1, access: 'rwm' } },
  { in: 'c 188 r', want: undefined },
  { in: 'x 1:1 r', want: undefined },
  { in: 'c 1:1 ', want: undefined },
  { in: 'c -1:1 r', want: undefined },
];
for (const { in: rule, want } of rules) {
  test(`device rule: ${JSON.stringify(rule)}`, () => {
    if (want) assert.deepEqual(parseDeviceRule(rule), { allow: true, ...want });
    else
      assert.throws(() => parseDeviceRule(rule), {
        kind: 'invalid',
        message: /^invalid device cgroup rule format/,
      });
  });
}
