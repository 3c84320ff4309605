import { EngineError } from '../../base/errors.ts';

const EPERM = 1;
export const ENOSYS = 38;
/** The kernel cuts an errno to this (MAX_ERRNO of linux/err.h). */
const MAX_ERRNO = 4095;

/** What a filter returns to the kernel (linux/seccomp.h). */
export const RET_ALLOW = 0x7fff_0000;
export const RET_KILL_THREAD = 0;
const RET_ERRNO = 0x0005_0000;
const RET_TRACE = 0x7ff0_0000;
const VALUES: Readonly<Record<string, number>> = {
  SCMP_ACT_ALLOW: RET_ALLOW,
  SCMP_ACT_KILL: RET_KILL_THREAD,
  SCMP_ACT_KILL_THREAD: RET_KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: RET_ERRNO,
  SCMP_ACT_TRACE: RET_TRACE,
  SCMP_ACT_LOG: 0x7ffc_0000,
};

/** A filter's return value for a profile's action; `errnoRet` (EPERM when absent) counts for ERRNO and TRACE. Throws `invalid`. */
export function verdictOf(action: string, errnoRet: number | undefined, path: string): number {
  if (action === 'SCMP_ACT_NOTIFY') {
    throw new EngineError(
      'invalid',
      `${path}: SCMP_ACT_NOTIFY needs a seccomp agent, which is not supported; use SCMP_ACT_ERRNO or SCMP_ACT_LOG`,
    );
  }
  const value = Object.hasOwn(VALUES, action) ? VALUES[action] : undefined;
  if (value === undefined) {
    throw new EngineError(
      'invalid',
      `${path}: ${JSON.stringify(action)} is none of ${Object.keys(VALUES).join(', ')}`,
    );
  }
  if (value !== RET_ERRNO && value !== RET_TRACE) return value;
  const errno = errnoRet ?? EPERM;
  if (!Number.isInteger(errno) || errno < 0 || errno > MAX_ERRNO) {
    throw new EngineError('invalid', `${path}: errnoRet ${errno} is no errno`);
  }
  return value + errno;
}

/** Lets the call through as it is, as far as the filter is concerned. A tracer is expected to know what it does. */
export function isPermissive(verdict: number): boolean {
  return verdict >= RET_TRACE && verdict <= RET_ALLOW;
}

/** The verdict on calls newer than the profile, so that a C library falls back on older ones. */
export const RET_ENOSYS = RET_ERRNO + ENOSYS;
