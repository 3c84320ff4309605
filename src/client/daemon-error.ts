import { EngineError, type ErrorKind } from '../base/errors.ts';

const KINDS: Readonly<Record<number, ErrorKind>> = {
  304: 'not-modified',
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  501: 'not-implemented',
  503: 'unavailable',
  507: 'no-space',
};

/** What the daemon answered instead of a result. `reason` is its own message, `message` says whose it is. */
export class DaemonError extends EngineError {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string) {
    super(KINDS[status] ?? 'system', `Error response from daemon: ${reason}`);
    this.status = status;
    this.reason = reason;
  }
}

/** True when the daemon answered with one of `statuses` (with any error when none is given). */
export function isDaemonError(error: unknown, ...statuses: number[]): error is DaemonError {
  return error instanceof DaemonError && (statuses.length === 0 || statuses.includes(error.status));
}
