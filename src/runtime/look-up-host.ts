import { type Dirent, lstatSync, readdirSync, readFileSync, realpathSync, type Stats } from 'node:fs';
import { join, normalize } from 'node:path';
import { EngineError } from '../base/errors.ts';
import { parseMountInfo } from '../formats/mountinfo.ts';
import type { HostDevice, HostLookups, HostMount } from './host-lookups.ts';

/** Belongs to the container's own /dev, or to other container engines. */
const NOT_SHARED = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev', 'console']);

/** Answers from the file system of the machine the daemon runs on. */
export const hostLookups: HostLookups = {
  devicesAt,
  allDevices: () => devicesBelow('/dev', '/dev', (entry) => !NOT_SHARED.has(entry.name)),
  mountOf,
};

function devicesAt(path: string): HostDevice[] {
  const at = insideDev(path);
  const stat = lstatSync(at, { throwIfNoEntry: false });
  const device = stat && deviceOf(path, stat);
  if (device) return [device];
  const devices = stat?.isDirectory() ? devicesBelow(at, path, () => true) : [];
  if (devices.length > 0) return devices;
  const why = stat ? 'not a device node' : 'no such file or directory';
  throw new EngineError(
    'invalid',
    `error gathering device information while adding custom device ${JSON.stringify(path)}: ${why}`,
  );
}

/** Links such as /dev/disk/by-id/… are followed, links out of /dev are not. */
function insideDev(path: string): string {
  const clean = normalize(path);
  if (!lstatSync(clean, { throwIfNoEntry: false })?.isSymbolicLink()) return clean;
  const target = realpathSync(clean);
  return target.startsWith('/dev/') ? target : clean;
}

function devicesBelow(directory: string, shownAs: string, wanted: (entry: Dirent) => boolean): HostDevice[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(wanted)
    .flatMap((entry) => {
      const [at, shown] = [join(directory, entry.name), join(shownAs, entry.name)];
      if (entry.isDirectory()) return devicesBelow(at, shown, wanted);
      const stat = lstatSync(at, { throwIfNoEntry: false });
      return (stat && deviceOf(shown, stat)) ?? [];
    });
}

function deviceOf(path: string, stat: Stats): HostDevice | undefined {
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return undefined;
  const { rdev, mode, uid, gid } = stat;
  return {
    path,
    type: stat.isBlockDevice() ? 'b' : 'c',
    major: deviceMajor(rdev),
    minor: deviceMinor(rdev),
    mode: mode & 0o7777,
    uid,
    gid,
  };
}

/** `st_rdev` as glibc lays it out (makedev(3)): 12 bits of major, 20 of minor, the minor's lower 8 lowest. */
export function deviceMajor(rdev: number): number {
  return (rdev >>> 8) & 0xfff;
}

export function deviceMinor(rdev: number): number {
  return (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
}

function mountOf(path: string): HostMount {
  const real = realpathSync(path);
  const holds = (mountPoint: string): boolean =>
    mountPoint === '/' || real === mountPoint || real.startsWith(`${mountPoint}/`);
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  const mount = mounts
    .filter(({ mountPoint }) => holds(mountPoint))
    .reduce((best, each) => (each.mountPoint.length >= best.mountPoint.length ? each : best));
  return {
    mountPoint: mount.mountPoint,
    shared: mount.shared !== 0,
    slave: mount.master !== 0,
  };
}
