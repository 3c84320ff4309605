import type { CgroupLimits } from '../kernel/cgroup-limits.ts';
import { ALWAYS_ALLOWED } from './compile-devices.ts';
import type { Spec } from './spec.ts';

/** What the container's cgroup is to enforce: its resources, and on top of its device rules what every container may use. */
export function limitsOf({ linux }: Spec): CgroupLimits {
  const { devices = [], ...resources } = linux?.resources ?? {};
  return { ...resources, devices: [...devices, ...ALWAYS_ALLOWED] };
}
