import { statEntry } from './attributes.ts';
import { O_RDONLY } from './constants.ts';
import { type Fd, openPath, own } from './fd.ts';
import { syscall } from './syscall.ts';

const sysSetns = syscall('setns', 'int', 'int');
const sysUnshare = syscall('unshare', 'int');
const CLONE_NEWNET = 0x40000000;

/** Of a thread, not of the process: a worker thread may be elsewhere than the main one. */
const OWN_NETWORK = '/proc/thread-self/ns/net';

/** Opens a namespace such as `/proc/4711/ns/net` or a bind mount of one; it lives as long as the descriptor. */
export function openNamespace(path: string): Fd {
  return openPath(path, O_RDONLY);
}

/** What tells one namespace from another: device and inode in nsfs (ioctl_ns(2)). */
export function namespaceId(namespace: Fd): string {
  const { dev, ino } = statEntry(namespace, '');
  return `${dev}/${ino}`;
}

/**
 * Runs `work` with the calling thread in a network namespace and comes back. Sockets opened there stay there, which is what
 * this is for. `work` cannot wait for anything: a promise is refused by the type. A thread that cannot come back must not go
 * on, so the process ends.
 */
export function inNetworkNamespace<T>(
  namespace: Fd,
  work: () => T extends PromiseLike<unknown> ? never : T,
): T {
  return awayFromHome(() => {
    sysSetns(namespace, CLONE_NEWNET);
    return work();
  });
}

/** Makes an empty network namespace (its `lo` is down), which lives as long as the descriptor or anything in it. */
export function newNetworkNamespace(): Fd {
  return awayFromHome(() => {
    sysUnshare(CLONE_NEWNET);
    return openNamespace(OWN_NETWORK);
  });
}

function awayFromHome<T>(work: () => T): T {
  using home = own(openNamespace(OWN_NETWORK));
  try {
    return work();
  } finally {
    if (sysSetns.attempt(home.fd, CLONE_NEWNET) < 0) process.abort();
  }
}
