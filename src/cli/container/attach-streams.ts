import { EngineError } from '../../base/errors.ts';

/** An `--attach`, in lower case. Throws `invalid`. */
export function checkAttach(text: string): string {
  const name = text.toLowerCase();
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name;
  throw new EngineError('invalid', 'valid streams are STDIN, STDOUT and STDERR');
}
