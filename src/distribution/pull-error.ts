import { EngineError, type ErrorKind } from '../base/errors.ts';
import { familiarName, familiarString, type Reference } from '../formats/reference.ts';
import type { Refusal } from './refusal.ts';

/** A registry's refusal to give `reference`, in the words Docker has for it. */
export function pullError(reference: Reference, refusal: Refusal): EngineError {
  const { message } = refusal;
  switch (refusal.code) {
    case 'DENIED':
      return new EngineError(
        'not-found',
        `pull access denied for ${familiarName(reference)}, repository does not exist or may require 'docker login': ${message}`,
      );
    case 'MANIFEST_UNKNOWN':
      return new EngineError('not-found', `manifest for ${familiarString(reference)} not found: ${message}`);
    case 'NAME_UNKNOWN':
      return new EngineError('not-found', `repository ${familiarName(reference)} not found: ${message}`);
    default:
      return new EngineError(kindOf(refusal), message);
  }
}

function kindOf({ status }: Refusal): ErrorKind {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not-found';
  return status === 429 || status >= 500 ? 'unavailable' : 'system';
}
