import { EngineError } from '../base/errors.ts';
import type { ContainerRecord } from '../containers/record.ts';
import type { Engine } from './engine.ts';
import type { Run } from './runs.ts';

/** Docker's text for what needs a running container. */
export function notRunning(record: ContainerRecord, cause?: unknown): EngineError {
  return new EngineError('conflict', `container ${record.id} is not running`, { cause });
}

/** The run of a running or paused container. Throws `conflict`. */
export function runOf(engine: Engine, record: ContainerRecord): Run {
  if (record.state.status === 'restarting') {
    throw new EngineError(
      'conflict',
      `Container ${record.id} is restarting, wait until the container is running`,
    );
  }
  const run = engine.runs.get(record.id);
  if (!run) throw notRunning(record);
  return run;
}
