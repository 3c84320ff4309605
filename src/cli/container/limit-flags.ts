import { parseSize } from '../../formats/units.ts';
import { type Flag, flag } from '../flags/flag.ts';
import { listOf } from '../flags/lists.ts';
import { bool, bytes, int, string, uint16 } from '../flags/scalars.ts';
import {
  parseBytesPerSecond,
  parseCpus,
  parseOperationsPerSecond,
  parseUlimit,
  parseWeight,
} from './limits.ts';

const section = 'Limits:';
const only = { section };
const windows = { hidden: true, windowsOnly: true };

const SWAP_HELP = "Memory and swap together; '-1' is unlimited";

/** -1 is unlimited; otherwise bytes. */
function swap(): Flag<number> {
  return flag(
    SWAP_HELP,
    { kind: 'bytes', initial: 0, parse: (text) => (text === '-1' ? -1 : parseSize(text)) },
    only,
  );
}

/** CPU, memory, processes and I/O. */
export const LIMIT_FLAGS = {
  blkioWeight: uint16('Share of block I/O, 10 to 1000', only),
  blkioWeightDevice: listOf('Share of block I/O of a device: PATH:WEIGHT', parseWeight, only),
  cpuCount: int('Windows only', 0, windows),
  cpuPercent: int('Windows only', 0, windows),
  cpuPeriod: int('CPU quota period in microseconds', 0, only),
  cpuQuota: int('CPU time per period in microseconds', 0, only),
  cpuRtPeriod: int('Real-time CPU period in microseconds', 0, only),
  cpuRtRuntime: int('Real-time CPU time per period in microseconds', 0, only),
  cpuShares: int('Share of CPU time against other containers', 0, { section, short: 'c' }),
  cpus: flag('CPUs it may use, such as 1.5', { kind: 'decimal', initial: 0, parse: parseCpus }, only),
  cpusetCpus: string('CPUs it may run on, such as 0-3 or 0,1', '', only),
  cpusetMems: string('Memory nodes it may use', '', only),
  deviceReadBps: listOf('Limit reads: PATH:BYTES_PER_SECOND', parseBytesPerSecond, only),
  deviceReadIops: listOf('Limit reads: PATH:OPERATIONS_PER_SECOND', parseOperationsPerSecond, only),
  deviceWriteBps: listOf('Limit writes: PATH:BYTES_PER_SECOND', parseBytesPerSecond, only),
  deviceWriteIops: listOf('Limit writes: PATH:OPERATIONS_PER_SECOND', parseOperationsPerSecond, only),
  ioMaxbandwidth: bytes('Windows only', windows),
  ioMaxiops: int('Windows only', 0, { ...windows, kind: 'uint' }),
  kernelMemory: bytes('Kernel memory', { ...only, hidden: true }),
  memory: bytes('Memory', { section, short: 'm' }),
  memoryReservation: bytes('Memory to fall back to when the host runs short', only),
  memorySwap: swap(),
  memorySwappiness: int('How readily memory is swapped out, 0 to 100', -1, only),
  oomKillDisable: bool("Don't kill processes when memory runs out", only),
  oomScoreAdj: int('Which processes the host kills first, -1000 to 1000', 0, only),
  pidsLimit: int("Number of processes; '-1' is unlimited", 0, only),
  ulimit: listOf('Limit per process: NAME=SOFT[:HARD]', parseUlimit, { ...only, kind: 'ulimit' }),
};
