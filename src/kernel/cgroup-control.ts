import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { allDirectories, type Cgroup, cgroupDirectories, controllerDirectory } from './cgroup.ts';
import { own } from './fd.ts';
import { readKernelFile, writeKernelFile } from './kernel-files.ts';
import { openPidfd, signalPidfd } from './processes.ts';
import { isErrno } from './syscall.ts';

const POLL_MS = 2;
const FREEZE_MS = 10_000;
const KILL_MS = 10_000;
const SIGKILL = 9;

/** Stops every process of the cgroup. Throws `system`, with everything running again, when one cannot be stopped in 10 s. */
export async function freeze(ctx: Ctx, cgroup: Cgroup): Promise<void> {
  await setFrozen(ctx, cgroup, true);
}

/** Lets the processes run again. */
export async function thaw(ctx: Ctx, cgroup: Cgroup): Promise<void> {
  await setFrozen(ctx, cgroup, false);
}

/** True when all processes are stopped. */
export function isFrozen(cgroup: Cgroup): boolean {
  const { directory, v1 } = freezer(cgroup);
  if (v1) return readKernelFile(`${directory}/freezer.state`).trim() === 'FROZEN';
  return /^frozen 1$/m.test(readKernelFile(`${directory}/cgroup.events`));
}

async function setFrozen(ctx: Ctx, cgroup: Cgroup, frozen: boolean): Promise<void> {
  const { directory, v1 } = freezer(cgroup);
  const write = (on: boolean): void => {
    if (v1) writeKernelFile(`${directory}/freezer.state`, on ? 'FROZEN' : 'THAWED');
    else writeKernelFile(`${directory}/cgroup.freeze`, on ? '1' : '0');
  };
  const deadline = Date.now() + FREEZE_MS;
  try {
    // v1: a process that was just forking escapes the first attempt, so it is asked for again each time.
    for (write(frozen); isFrozen(cgroup) !== frozen; write(frozen)) {
      if (Date.now() > deadline)
        throw new EngineError('system', `cgroup ${cgroup.path} does not ${frozen ? 'freeze' : 'thaw'}`);
      await sleep(POLL_MS, undefined, { signal: ctx.signal });
    }
  } catch (error) {
    if (frozen) write(false);
    throw error;
  }
}

function freezer(cgroup: Cgroup): { directory: string; v1: boolean } {
  const v1 = cgroup.layout.version === 1 ? controllerDirectory(cgroup, 'freezer') : undefined;
  const directory = v1 ?? cgroupDirectories(cgroup).unified;
  if (directory === '') throw new EngineError('not-implemented', 'this host has no freezer cgroup');
  return { directory, v1: v1 !== undefined };
}

/** Every process of the cgroup and of those below it (pids as the daemon sees them). */
export function listProcesses(cgroup: Cgroup): number[] {
  const pids = allDirectories(cgroup).flatMap((directory) => processesOf(directory));
  return [...new Set(pids)].sort((a, b) => a - b);
}

/** The processes in a cgroup directory and those below it; none when it does not exist. */
export function processesOf(directory: string): number[] {
  try {
    const pids = readKernelFile(`${directory}/cgroup.procs`).split('\n').filter(Boolean).map(Number);
    const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...pids, ...below.flatMap((entry) => processesOf(`${directory}/${entry.name}`))];
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENODEV')) return [];
    throw error;
  }
}

/** Kills every process of the cgroup and returns when none is left in it. Throws `system` naming those that are after 10 s. */
export async function killAll(ctx: Ctx, cgroup: Cgroup): Promise<void> {
  const deadline = Date.now() + KILL_MS;
  for (let delay = 1; ; delay = Math.min(delay * 2, 50)) {
    const pids = listProcesses(cgroup);
    if (pids.length === 0) return;
    if (Date.now() > deadline)
      throw new EngineError('system', `cgroup ${cgroup.path}: processes ${pids.join(', ')} do not die`);
    killOnce(cgroup, pids);
    await sleep(delay, undefined, { signal: ctx.signal });
  }
}

/** By cgroup.kill (5.14) where there is a v2 tree; what it does not reach, one by one, and v1's freezer lets go of the dying. */
function killOnce(cgroup: Cgroup, pids: readonly number[]): void {
  const { unified } = cgroupDirectories(cgroup);
  if (unified !== '') writeIfThere(`${unified}/cgroup.kill`, '1');
  if (cgroup.layout.version === 2) return;
  for (const pid of pids) killMember(cgroup, pid);
  const frozen = controllerDirectory(cgroup, 'freezer');
  if (frozen !== undefined) writeIfThere(`${frozen}/freezer.state`, 'THAWED');
}

function writeIfThere(file: string, value: string): void {
  try {
    writeKernelFile(file, value);
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENODEV')) throw error;
  }
}

/** The pid may belong to somebody else by now: the descriptor is taken first, then membership is looked at again. */
function killMember(cgroup: Cgroup, pid: number): void {
  try {
    using process = own(openPidfd(pid));
    const membership = readKernelFile(`/proc/${pid}/cgroup`);
    const isMember = membership.split('\n').some((line) => {
      const path = line.slice(line.indexOf(':', line.indexOf(':') + 1) + 1);
      return path === cgroup.path || path.startsWith(`${cgroup.path}/`);
    });
    if (isMember) signalPidfd(process.fd, SIGKILL);
  } catch (error) {
    if (!isErrno(error, 'ESRCH', 'ENOENT')) throw error;
  }
}
