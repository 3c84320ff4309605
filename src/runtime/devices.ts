import { EngineError } from '../base/errors.ts';
import type { HostDevice, HostLookups } from './host-lookups.ts';
import type { DeviceMapping, DeviceSettings } from './settings.ts';
import type { Device, DeviceRule } from './spec.ts';

/** What a container may reach: nodes to make in its /dev and rules for its devices cgroup. */
export interface DeviceAccess {
  readonly devices: readonly Device[];
  readonly rules: readonly DeviceRule[];
}

/** Everything else is denied. fuse is denied in so many words, as Docker does, since rules of a parent group may allow it. */
const DEFAULT_RULES: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  ...[
    [1, 5],
    [1, 3],
    [1, 9],
    [1, 8],
    [5, 0],
    [5, 1],
  ].map(([major = 0, minor = 0]): DeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
  { allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' },
];

const RULE = /^([acb]) ([0-9]{1,8}|\*):([0-9]{1,8}|\*) ([rwm]{1,3})$/;

/**
 * Devices and rules of a container. The devices every container has (null, zero, …) are not listed: they come with
 * compilation. Privileged: every device of the host, and no rules. Throws `invalid` in Docker's words.
 */
export function deviceAccess(
  settings: DeviceSettings,
  privileged: boolean,
  host: Pick<HostLookups, 'devicesAt' | 'allDevices'>,
): DeviceAccess {
  if (privileged) {
    const elsewhere = settings.devices.filter((each) => each.pathOnHost !== each.pathInContainer);
    const mapped = elsewhere.flatMap((each) => mapDevice(each, host));
    return {
      devices: [...host.allDevices().map(toSpec), ...mapped],
      rules: [{ allow: true, access: 'rwm' }],
    };
  }
  const mapped = settings.devices.map((mapping) => ({ mapping, devices: mapDevice(mapping, host) }));
  const rules = mapped.flatMap(({ mapping, devices }) =>
    devices.map(({ type, major, minor }) =>
      ruleFor(
        { type: type === 'b' ? 'b' : 'c', major: major ?? 0, minor: minor ?? 0 },
        permissionsOf(mapping),
      ),
    ),
  );
  return {
    devices: mapped.flatMap(({ devices }) => devices),
    rules: [...DEFAULT_RULES, ...rules, ...settings.cgroupRules.map(parseDeviceRule)],
  };
}

function ruleFor(device: Pick<HostDevice, 'type' | 'major' | 'minor'>, access: string): DeviceRule {
  return { allow: true, type: device.type, major: device.major, minor: device.minor, access };
}

function permissionsOf({ cgroupPermissions, pathOnHost }: DeviceMapping): string {
  if (!/^[rwm]{0,3}$/.test(cgroupPermissions)) {
    throw new EngineError(
      'invalid',
      `device ${pathOnHost}: permissions ${JSON.stringify(cgroupPermissions)} are not made of r, w and m`,
    );
  }
  return cgroupPermissions || 'rwm';
}

function mapDevice(mapping: DeviceMapping, host: Pick<HostLookups, 'devicesAt'>): Device[] {
  const { pathOnHost, pathInContainer } = mapping;
  return host.devicesAt(pathOnHost).map((device) => ({
    ...toSpec(device),
    path: pathInContainer + device.path.slice(pathOnHost.length),
  }));
}

function toSpec({ path, type, major, minor, mode, uid, gid }: HostDevice): Device {
  return { path, type, major, minor, fileMode: mode, uid, gid };
}

/** One `--device-cgroup-rule`: `c 188:* rmw`, or `a` for all. Throws `invalid` in Docker's words. */
export function parseDeviceRule(rule: string): DeviceRule {
  const match = RULE.exec(rule === 'a' ? 'a *:* rwm' : rule);
  if (!match) throw new EngineError('invalid', `invalid device cgroup rule format: '${rule}'`);
  const [, type, major, minor, access = ''] = match;
  const number = (text: string | undefined): number => (text === '*' ? -1 : Number(text));
  return {
    allow: true,
    type: type === 'c' || type === 'b' ? type : 'a',
    major: number(major),
    minor: number(minor),
    access,
  };
}
