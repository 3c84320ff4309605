import { asFd, closeFd, type Fd, own } from './fd.ts';
import { readKernelFile } from './kernel-files.ts';
import { isErrno, syscall } from './syscall.ts';

const sysPidfdOpen = syscall('pidfd_open', 'int', 'uint');
const sysPidfdSendSignal = syscall('pidfd_send_signal', 'int', 'int', 'bytes', 'uint');

/** A descriptor of a process, which keeps meaning it when its pid is given to another. ESRCH when there is none. */
export function openPidfd(pid: number): Fd {
  return asFd(sysPidfdOpen(pid, 0));
}

/** Sends a signal (0 only asks whether it could be sent). ESRCH when the process is gone. */
export function signalPidfd(process: Fd, signal: number): void {
  sysPidfdSendSignal(process, signal, null, 0);
}

export interface ProcessStat {
  /** `R`, `S`, `D`, `Z`, `T` … */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks after boot: with the pid it names one process until the next boot. */
  readonly startTime: bigint;
}

/** Looks a process up, zombies included; undefined when there is none. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  try {
    return parseProcessStat(readKernelFile(`/proc/${pid}/stat`));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined;
    throw error;
  }
}

/** One line of /proc/PID/stat (proc_pid_stat(5)); the name in parentheses may itself hold anything. */
export function parseProcessStat(text: string): ProcessStat {
  const [state = '', parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, parent: Number(parent), startTime: BigInt(rest[17] ?? 0) };
}

/** Opens the process `pid` if it is still the one that started at `startTime`; undefined when that one is gone. */
export function openSameProcess(pid: number, startTime: bigint): Fd | undefined {
  let opened: Fd;
  try {
    opened = openPidfd(pid);
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
  if (readProcessStat(pid)?.startTime === startTime) return opened;
  closeFd(opened);
  return undefined;
}

/** Signals the process that started at `startTime`; false when it is gone. */
export function signalSameProcess(pid: number, startTime: bigint, signal: number): boolean {
  const opened = openSameProcess(pid, startTime);
  if (opened === undefined) return false;
  using process = own(opened);
  try {
    signalPidfd(process.fd, signal);
    return true;
  } catch (error) {
    if (isErrno(error, 'ESRCH')) return false;
    throw error;
  }
}
