/** Name of the profile containers get unless told otherwise; Docker's, so that what refers to it finds it. */
export const DEFAULT_APPARMOR_PROFILE = 'docker-default';

/**
 * Text of the default profile, allowing and denying what Docker's does: all files, networks and capabilities, but no
 * mounts, no writing in /proc outside the process's own directories and the sysctls of its namespaces, no writing in
 * /sys outside the cgroup tree, and ptrace and signals only among containers (and signals from the host).
 * Self-contained: it includes none of the host's abstractions (apparmor.d(5)).
 */
export function defaultAppArmorProfile(name: string = DEFAULT_APPARMOR_PROFILE): string {
  return `profile ${name} flags=(attach_disconnected,mediate_deleted) {
  network,
  capability,
  file,
  umount,
  unix,
  dbus,

  signal (receive) peer=unconfined,
  signal (send,receive) peer=${name},
  ptrace (trace,read,tracedby,readby) peer=${name},

  deny mount,
  deny /proc/* w,
  deny /proc/{[^1-9],[^1-9][^0-9],[^1-9s][^0-9y][^0-9s],[^1-9][^0-9][^0-9][^0-9]*}/** w,
  deny /proc/sys/[^k]** w,
  deny /proc/sys/kernel/{?,??,[^s][^h][^m]**} w,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,

  deny /sys/[^f]*/** wklx,
  deny /sys/f[^s]*/** wklx,
  deny /sys/fs/[^c]*/** wklx,
  deny /sys/fs/c[^g]*/** wklx,
  deny /sys/fs/cg[^r]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny /sys/devices/virtual/powercap/** rwklx,
  deny /sys/kernel/security/** rwklx,
}
`;
}
