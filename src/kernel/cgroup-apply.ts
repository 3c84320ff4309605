import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { EngineError, messageOf } from '../base/errors.ts';
import { setDeviceRules } from './bpf.ts';
import { type Cgroup, cgroupDirectories, controllerDirectory } from './cgroup.ts';
import type { CgroupLimits } from './cgroup-limits.ts';
import { planV1 } from './cgroup-v1-plan.ts';
import { planV2 } from './cgroup-v2-plan.ts';
import type { CgroupWrite, FileValue } from './cgroup-write.ts';
import { O_DIRECTORY, O_RDONLY, O_WRONLY } from './constants.ts';
import { openPath, own } from './fd.ts';
import { readKernelFile, writeKernelFile } from './kernel-files.ts';
import { isErrno } from './syscall.ts';

/** Puts limits into force in a cgroup nobody is in yet, where nothing has to be reclaimed: some ten microseconds a file.
 * Throws `not-implemented` for a control this host lacks. */
export function applyLimits(cgroup: Cgroup, limits: CgroupLimits): void {
  for (const write of plan(cgroup, limits)) {
    const { file, value } = target(cgroup, write);
    try {
      writeKernelFile(file, value);
    } catch (error) {
      throw explained(cgroup, write, error);
    }
  }
  applyDeviceProgram(cgroup, limits);
}

/** Changes limits of a running container; less memory makes the kernel reclaim some, which may take a while. */
export async function updateLimits(cgroup: Cgroup, limits: CgroupLimits): Promise<void> {
  for (const write of plan(cgroup, limits, currentMemoryLimit(cgroup))) {
    const { file, value } = target(cgroup, write);
    try {
      await writeFile(file, value, { flag: O_WRONLY });
    } catch (error) {
      throw explained(cgroup, write, error);
    }
  }
  applyDeviceProgram(cgroup, limits);
}

function plan(cgroup: Cgroup, limits: CgroupLimits, memoryLimit?: number): CgroupWrite[] {
  return cgroup.layout.version === 2 ? planV2(limits) : planV1(limits, memoryLimit);
}

function applyDeviceProgram(cgroup: Cgroup, limits: CgroupLimits): void {
  if (cgroup.layout.version === 1 || limits.devices === undefined) return;
  using directory = own(openPath(cgroupDirectories(cgroup).unified, O_RDONLY | O_DIRECTORY));
  setDeviceRules(directory.fd, limits.devices);
}

function currentMemoryLimit(cgroup: Cgroup): number | undefined {
  if (cgroup.layout.version === 2) return undefined;
  const directory = controllerDirectory(cgroup, 'memory');
  return directory === undefined ? undefined : Number(readKernelFile(`${directory}/memory.limit_in_bytes`));
}

/** The file a write goes to: the other one where the kernel has only that. */
function target(cgroup: Cgroup, write: CgroupWrite): FileValue {
  const directory = controllerDirectory(cgroup, write.controller);
  if (directory === undefined) throw missing(cgroup, write);
  const useOther = write.otherwise !== undefined && !existsSync(`${directory}/${write.file}`);
  const { file, value } = useOther ? write.otherwise : write;
  return { file: `${directory}/${file}`, value };
}

function explained(cgroup: Cgroup, write: CgroupWrite, error: unknown): EngineError {
  if (isErrno(error, 'ENOENT')) return missing(cgroup, write, error);
  const message = `cgroup ${cgroup.path}: cannot set ${write.file} to ${write.value}: ${messageOf(error)}`;
  return new EngineError('system', message, { cause: error });
}

function missing(cgroup: Cgroup, write: CgroupWrite, cause?: unknown): EngineError {
  const message = `cgroup ${cgroup.path}: this host has no ${write.file} (controller ${write.controller})`;
  return new EngineError('not-implemented', message, { cause });
}
