import { EngineError } from '../../base/errors.ts';
import type { ContainerWaitResponse } from '../../wire/types-container.ts';
import { EXIT_ENGINE_ERROR } from '../exit.ts';

/** The exit code a wait ended with. Throws `system` when the daemon could not tell. */
export function exitCode({ StatusCode, Error: problem }: ContainerWaitResponse): number {
  if (problem?.Message) throw new EngineError('system', `Error waiting for container: ${problem.Message}`);
  return StatusCode > 255 ? EXIT_ENGINE_ERROR : StatusCode;
}
