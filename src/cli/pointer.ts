import { isEngineError } from '../base/errors.ts';
import { ExitError } from './exit.ts';

export const PROGRAM = 'gantry';

/** How `run` and `create` report errors: whose error it is, and where to read more. Others are passed on as they are. */
export function withPointer(error: unknown, command: 'run' | 'create', code: number): unknown {
  if (!isEngineError(error) || error.kind === 'cancelled') return error;
  const pointer = `Run '${PROGRAM} ${command} --help' for more information`;
  return new ExitError(code, `${PROGRAM}: ${error.message}\n\n${pointer}`, { cause: error });
}
