import { readFileSync } from 'node:fs';
import { EngineError, messageOf } from '../base/errors.ts';
import type { SeccompChoice } from '../runtime/security-opt.ts';

/** The daemon's `--seccomp-profile`: `builtin`, `unconfined`, or a file in Docker's format. Throws `invalid` naming the file. */
export function seccompDefault(option: string): SeccompChoice {
  if (option === '' || option === 'builtin' || option === 'default') return { kind: 'default' };
  if (option === 'unconfined') return { kind: 'unconfined' };
  try {
    return { kind: 'profile', json: readFileSync(option, 'utf8') };
  } catch (cause) {
    throw new EngineError('invalid', `seccomp-profile: cannot read ${option}: ${messageOf(cause)}`, {
      cause,
    });
  }
}
