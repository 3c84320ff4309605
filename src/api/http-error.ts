import { EngineError, type ErrorKind, messageOf } from '../base/errors.ts';

/** The only mapping of error kinds to HTTP status codes. */
const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'not-modified': 304,
  'not-implemented': 501,
  unavailable: 503,
  'data-loss': 500,
  'no-space': 500,
  cancelled: 499,
  system: 500,
};

/** Status and Docker's error body for anything thrown. `unclassified` is true for a bug: the caller logs it with its stack. */
export function toHttpError(error: unknown): {
  status: number;
  body: { message: string };
  unclassified: boolean;
} {
  if (error instanceof EngineError) {
    return { status: STATUS[error.kind], body: { message: error.message }, unclassified: false };
  }
  return { status: 500, body: { message: messageOf(error) }, unclassified: true };
}
