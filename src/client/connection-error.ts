import { EngineError, isEngineError, messageOf } from '../base/errors.ts';
import { formatAddress } from './address.ts';
import type { Endpoint } from './endpoint.ts';

/** Why the daemon could not be reached, and what to do about it. */
export function connectionError(
  error: unknown,
  { address, tls }: Endpoint,
  signal: AbortSignal,
): EngineError {
  if (signal.aborted) return new EngineError('cancelled', 'context canceled', { cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const where = formatAddress(address);
  const fail = (message: string) => new EngineError('unavailable', message, { cause: error });
  switch (code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return fail(
        `Cannot connect to the Gantry daemon at ${where}. Is gantryd running?\n` +
          "Start it with 'gantryd' as root, or name another daemon with DOCKER_HOST or --host.",
      );
    case 'EACCES':
    case 'EPERM':
      return fail(
        `permission denied while trying to connect to the Gantry daemon socket at ${where}\n` +
          "Use sudo, or add your user to the socket's group (usually 'docker') and log in again.",
      );
    default:
      break;
  }
  // What a TLS port makes of plain HTTP: a reset, a closed connection, or an alert that is no HTTP.
  const startled = isEngineError(error, 'unavailable', 'invalid') || code === 'ECONNRESET';
  const hint = startled && !tls && address.kind === 'tcp' ? '. Does this daemon want TLS (--tlsverify)?' : '';
  if (isEngineError(error))
    return hint === '' ? error : new EngineError(error.kind, error.message + hint, { cause: error });
  return fail(`error during connect: ${where}: ${messageOf(error)}${hint}`);
}
