/** The resource limits of Linux, ordered by number: include/uapi/asm-generic/resource.h. */
export const RLIMITS = [
  'RLIMIT_CPU',
  'RLIMIT_FSIZE',
  'RLIMIT_DATA',
  'RLIMIT_STACK',
  'RLIMIT_CORE',
  'RLIMIT_RSS',
  'RLIMIT_NPROC',
  'RLIMIT_NOFILE',
  'RLIMIT_MEMLOCK',
  'RLIMIT_AS',
  'RLIMIT_LOCKS',
  'RLIMIT_SIGPENDING',
  'RLIMIT_MSGQUEUE',
  'RLIMIT_NICE',
  'RLIMIT_RTPRIO',
  'RLIMIT_RTTIME',
] as const;

export type RlimitName = (typeof RLIMITS)[number];

/** What Docker calls them, as in `--ulimit nofile=1024`: all but the address space, which it does not offer. */
export const ULIMIT_NAMES: readonly string[] = RLIMITS.filter((name) => name !== 'RLIMIT_AS').map((name) =>
  name.slice('RLIMIT_'.length).toLowerCase(),
);
