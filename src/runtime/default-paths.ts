/**
 * What Docker hides of /proc and /sys (moby 28.3 and later): kernel interfaces that show or change the host.
 * /proc/interrupts and the thermal counters tell a neighbour's keystrokes and load (GHSA-6fw5-f8r9-fgfm), powercap its
 * secrets (GHSA-jq35-85cj-fj4p).
 */
export function defaultMaskedPaths(possibleCpus: readonly number[]): string[] {
  return [
    '/proc/acpi',
    '/proc/asound',
    '/proc/interrupts',
    '/proc/kcore',
    '/proc/keys',
    '/proc/latency_stats',
    '/proc/sched_debug',
    '/proc/scsi',
    '/proc/timer_list',
    '/proc/timer_stats',
    '/sys/devices/virtual/powercap',
    '/sys/firmware',
    ...possibleCpus.map((cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`),
  ];
}

/** What Docker lets a container read but not change. */
export const DEFAULT_READONLY_PATHS: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
