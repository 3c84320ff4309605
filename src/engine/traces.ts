import { join } from 'node:path/posix';
import type { ContainerRecord } from '../containers/record.ts';
import type { Engine } from './engine.ts';
import { containerPaths } from './paths.ts';
import type { Run } from './runs.ts';

/** Where a run of the container leaves its traces, whether there was one or not: what `cleanUpContainer` takes. */
export function tracesOf(
  engine: Pick<Engine, 'paths' | 'config'>,
  record: ContainerRecord,
): Pick<Run, 'runDir' | 'spec'> {
  const parent = record.hostConfig.cgroupParent || engine.config.cgroupParent;
  return {
    runDir: containerPaths(engine.paths, record.id).run,
    spec: { linux: { cgroupsPath: join('/', parent, record.id) } },
  };
}
