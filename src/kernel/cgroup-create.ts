import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, messageOf } from '../base/errors.ts';
import { allDirectories, type Cgroup, controllerDirectory } from './cgroup.ts';
import { applyLimits } from './cgroup-apply.ts';
import { processesOf } from './cgroup-control.ts';
import type { CgroupLimits } from './cgroup-limits.ts';
import { readKernelFile, writeKernelFile } from './kernel-files.ts';
import { isErrno } from './syscall.ts';

/**
 * Makes a cgroup (and its ancestors) in every tree and puts its limits into force, ready for a process to enter. An empty
 * one left from before is taken over; one with processes in it is a `conflict`. On failure what was made is removed.
 */
export function createCgroup(cgroup: Cgroup, limits: CgroupLimits): void {
  const made: string[] = [];
  try {
    for (const directory of allDirectories(cgroup)) {
      if (mkdirSync(directory, { recursive: true }) !== undefined) made.push(directory);
      else if (processesOf(directory).length > 0) {
        throw new EngineError('conflict', `cgroup ${cgroup.path} exists already and holds processes`);
      }
    }
    if (cgroup.layout.version === 2) enableControllers(cgroup.layout.mountPoint, cgroup.path);
    else inheritCpuset(cgroup);
    applyLimits(cgroup, limits);
  } catch (error) {
    for (const directory of made) removeDirectoryTree(directory);
    throw error;
  }
}

/** v2: a controller serves a cgroup only when all its ancestors pass it on (cgroup-v2.rst, "Enabling and Disabling"). */
function enableControllers(mountPoint: string, path: string): void {
  let directory = mountPoint;
  for (const name of path.split('/').slice(1)) {
    const available = readWords(`${directory}/cgroup.controllers`);
    const enabled = readWords(`${directory}/cgroup.subtree_control`);
    enable(
      directory,
      available.filter((controller) => !enabled.includes(controller)),
    );
    directory += `/${name}`;
  }
}

/** All at once; where one is refused, one by one, so that it is missed only by a limit that needs it. */
function enable(directory: string, controllers: readonly string[]): void {
  if (controllers.length === 0) return;
  const file = `${directory}/cgroup.subtree_control`;
  try {
    writeKernelFile(file, controllers.map((controller) => `+${controller}`).join(' '));
  } catch (error) {
    if (isErrno(error, 'EBUSY')) {
      const message = `cgroup ${directory} holds processes itself, so it cannot have limited cgroups below it`;
      throw new EngineError('conflict', message, { cause: error });
    }
    if (controllers.length > 1) for (const controller of controllers) enable(directory, [controller]);
  }
}

/** v1: a new cpuset is empty and admits nobody until it has CPUs and memory nodes (cpusets.rst, section 1.3). */
function inheritCpuset(cgroup: Cgroup): void {
  const leaf = controllerDirectory(cgroup, 'cpuset');
  if (leaf === undefined) return;
  let directory = leaf.slice(0, -cgroup.path.length);
  let [cpus, mems] = [readText(`${directory}/cpuset.cpus`), readText(`${directory}/cpuset.mems`)];
  for (const name of cgroup.path.split('/').slice(1)) {
    directory += `/${name}`;
    cpus = inherit(`${directory}/cpuset.cpus`, cpus);
    mems = inherit(`${directory}/cpuset.mems`, mems);
  }
}

function inherit(file: string, fromParent: string): string {
  const own = readText(file);
  if (own !== '') return own;
  writeKernelFile(file, fromParent);
  return fromParent;
}

/** How long a cgroup may stay busy after its last process is gone: zombies to be reaped, dying memory charges. */
const REMOVE_MS = 5_000;

/**
 * Removes a cgroup, those its processes made below it included, from every tree; one that is not there is no error. It must
 * be empty: while the kernel says otherwise it is tried again for some seconds, then `system` names who is still in it.
 */
export async function removeCgroup(ctx: Ctx, cgroup: Cgroup): Promise<void> {
  const deadline = Date.now() + REMOVE_MS;
  for (let delay = 1; ; delay = Math.min(delay * 2, 100)) {
    const busy = allDirectories(cgroup).filter((directory) => !removeDirectoryTree(directory));
    if (busy.length === 0) return;
    if (Date.now() > deadline) {
      const pids = busy.flatMap((directory) => processesOf(directory)).join(', ') || 'none';
      throw new EngineError('system', `cgroup ${cgroup.path} stays busy; processes in it: ${pids}`);
    }
    await sleep(delay, undefined, { signal: ctx.signal });
  }
}

/** Removes a cgroup directory and those below it, lowest first; false when one of them is busy. */
function removeDirectoryTree(directory: string): boolean {
  if (tryRemove(directory)) return true;
  let below: string[];
  try {
    below = readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [`${directory}/${entry.name}`] : [],
    );
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
  return below.map(removeDirectoryTree).every(Boolean) && tryRemove(directory);
}

/** rmdir(2) says EBUSY for a cgroup that has processes or cgroups below it. */
function tryRemove(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    if (isErrno(error, 'EBUSY')) return false;
    throw new EngineError('system', `cannot remove cgroup: ${messageOf(error)}`, { cause: error });
  }
}

function readText(file: string): string {
  return readKernelFile(file).trim();
}

function readWords(file: string): string[] {
  return readText(file).split(' ').filter(Boolean);
}
