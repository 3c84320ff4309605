import { EngineError } from '../base/errors.ts';
import type { HostConfig } from './host-config.ts';
import type { MountPoint } from './mount-point.ts';
import { parseBind } from './parse-bind.ts';
import { parseMount, parseTmpfs } from './parse-mount.ts';

/** All mounts a request asks for, parents before what is mounted below them. Throws `invalid` for two on one place. */
export function settleMounts(host: Pick<HostConfig, 'binds' | 'mounts' | 'tmpfs'>): MountPoint[] {
  const mounts = [
    ...host.binds.map(parseBind),
    ...host.mounts.map(parseMount),
    ...Object.entries(host.tmpfs).map(([destination, options]) => parseTmpfs(destination, options)),
  ];
  const seen = new Set<string>();
  for (const { destination } of mounts) {
    if (seen.has(destination)) throw new EngineError('invalid', `Duplicate mount point: ${destination}`);
    seen.add(destination);
  }
  return mounts.sort((a, b) => depth(a) - depth(b));
}

function depth({ destination }: MountPoint): number {
  return destination.split('/').length;
}
