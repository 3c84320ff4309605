/**
 * What went wrong, in the engine's terms. `api/http-error.ts` is the one place that maps a kind to an HTTP status and
 * `cli/` the one place that maps it to an exit code.
 *
 * - `invalid`          the request is malformed; the message names the field, file or entry
 * - `unauthorized`     credentials missing or refused
 * - `forbidden`        understood and refused by policy
 * - `not-found`        no such container, image, file …
 * - `conflict`         the object's present state does not allow it, or the name is taken
 * - `not-modified`     already in the state asked for
 * - `not-implemented`  a feature Gantry does not have (the message says which)
 * - `unavailable`      a remote or local resource cannot be reached now; trying again may help
 * - `data-loss`        stored or received bytes are not what their digest says
 * - `no-space`         the disk (or quota) is full
 * - `cancelled`        the caller went away
 * - `system`           the kernel or the program failed in a way the caller cannot mend
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'not-modified'
  | 'not-implemented'
  | 'unavailable'
  | 'data-loss'
  | 'no-space'
  | 'cancelled'
  | 'system';

/**
 * The one error type that crosses folders. Thrown where the fact is known, with the offending name, path or id in the
 * message and the underlying error as `cause`; never logged and rethrown. A programmer's mistake stays a plain `Error`.
 */
export class EngineError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'EngineError';
    this.kind = kind;
  }
}

/** True when `error` is an {@link EngineError} of one of `kinds` (of any kind when none is given). */
export function isEngineError(error: unknown, ...kinds: ErrorKind[]): error is EngineError {
  return error instanceof EngineError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** The message of anything thrown, for embedding in another message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
