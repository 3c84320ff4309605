import { parentPort, workerData } from 'node:worker_threads';
import { O_DIRECTORY, O_PATH } from './constants.ts';
import { openPath, own } from './fd.ts';
import { cloneTree } from './mounts.ts';
import type { OverlayRequest } from './overlay.ts';
import { syscall } from './syscall.ts';

/*
 * Entry of the thread that mounts an overlay by mount(2) (see overlay.ts). The namespace, the working directory and the
 * mount in it belong to this thread alone and end with it; only the detached copy's descriptor stays.
 */

const sysUnshare = syscall('unshare', 'int');
const sysChdir = syscall('chdir', 'path');
const sysMount = syscall('mount', 'path', 'path', 'path', 'long', 'path');
const CLONE_NEWNS = 0x20000;
const MS_REC_PRIVATE = 0x4000 | 0x40000;

const { base, data }: OverlayRequest = workerData;
sysUnshare(CLONE_NEWNS);
sysMount(null, '/', null, MS_REC_PRIVATE, null);
sysChdir(base);
sysMount('overlay', base, 'overlay', 0, data);
using mounted = own(openPath(base, O_PATH | O_DIRECTORY));
parentPort?.postMessage(cloneTree(mounted.fd, false));
