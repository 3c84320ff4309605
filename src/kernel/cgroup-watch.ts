import { watch } from 'node:fs';
import { type Cgroup, controllerDirectory } from './cgroup.ts';
import { keyed } from './cgroup-stats.ts';
import { readKernelFile } from './kernel-files.ts';
import { isErrno } from './syscall.ts';

/** How many processes the kernel has killed in the cgroup for want of memory; 0 when there is no cgroup or memory control. */
export function countOomKills(cgroup: Cgroup): number {
  const file = oomFile(cgroup);
  if (file === undefined) return 0;
  try {
    return keyed(readKernelFile(file))['oom_kill'] ?? 0;
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return 0;
    throw error;
  }
}

/** v1 tells nobody who does not hold an eventfd; a look each second is cheaper than a thread for each container. */
const POLL_MS = 1000;

/** Calls `onKill` each time {@link countOomKills} has grown, until it is disposed of. Keeps no process alive. */
export function watchOomKills(cgroup: Cgroup, onKill: () => void): Disposable {
  const file = oomFile(cgroup);
  let seen = countOomKills(cgroup);
  const look = (): void => {
    const count = countOomKills(cgroup);
    if (count > seen) onKill();
    seen = count;
  };
  if (file === undefined) return { [Symbol.dispose]: () => {} };
  if (cgroup.layout.version === 2) {
    const watcher = watch(file, { persistent: false }, look);
    return { [Symbol.dispose]: () => watcher.close() };
  }
  const timer = setInterval(look, POLL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function oomFile(cgroup: Cgroup): string | undefined {
  const directory = controllerDirectory(cgroup, 'memory');
  return directory && `${directory}/${cgroup.layout.version === 2 ? 'memory.events' : 'memory.oom_control'}`;
}
