import { EngineError, messageOf } from '../../base/errors.ts';

/** Nothing will change by asking again at once. */
const PERMANENT = new Set([
  'ENOTFOUND',
  'ECONNREFUSED',
  'EPROTO',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What OpenSSL says of bytes that are no TLS record. */
const NOT_TLS = /wrong version number|packet length too long|http request/i;

const UNKNOWN_AUTHORITY = 'tls: failed to verify certificate: x509: certificate signed by unknown authority';

/**
 * A failed exchange as `unavailable`, in the words Docker's users know (`Get "URL": dial tcp …: connect: connection
 * refused`). Queries are left out: they may hold signatures.
 */
export function networkError(method: string, url: URL, error: unknown): EngineError {
  const what = error instanceof EngineError ? error.message : explain(url, error);
  return new EngineError('unavailable', `${operation(method, url)}: ${what}`, { cause: error });
}

/** `Get "https://registry/v2/"`. */
export function operation(method: string, url: URL): string {
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return `${verb} "${redactUrl(url)}"`;
}

/** The URL without user, password, query and fragment. */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** True when trying the same again at once is of no use: nobody listens there, no such name, not to be trusted. */
export function isPermanent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (PERMANENT.has(codeOf(cause))) return true;
  }
  return false;
}

/** True when whoever answered speaks TLS, if not as wanted: there is no point in trying without. */
export function spokeTls(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = codeOf(cause);
    if (/^ERR_(SSL|TLS)_/.test(code) && !NOT_TLS.test(messageOf(cause))) return true;
    if (code === 'EPROTO' && !NOT_TLS.test(messageOf(cause))) return true;
  }
  return false;
}

function explain(url: URL, error: unknown): string {
  const failed = firstOf(error);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const dial = `dial tcp ${addressOf(failed) ?? `${url.hostname}:${port}`}`;
  switch (codeOf(failed)) {
    case 'ECONNREFUSED':
      return `${dial}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `${dial}: connect: no route to host`;
    case 'ENETUNREACH':
      return `${dial}: connect: network is unreachable`;
    case 'ETIMEDOUT':
      return `${dial}: i/o timeout`;
    case 'ENOTFOUND':
      return `dial tcp: lookup ${url.hostname}: no such host`;
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${url.hostname}: temporary failure in name resolution`;
    case 'ECONNRESET':
      return messageOf(failed) === 'socket hang up' ? 'EOF' : 'read tcp: connection reset by peer';
    case 'EPROTO':
      return NOT_TLS.test(messageOf(failed))
        ? 'http: server gave HTTP response to HTTPS client'
        : `tls: ${messageOf(failed)}`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return UNKNOWN_AUTHORITY;
    case 'CERT_HAS_EXPIRED':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: ${messageOf(failed)}`;
    default:
      return messageOf(failed);
  }
}

/** Of the errors of several addresses (happy eyeballs) the first stands for all. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function addressOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('address' in error) || !('port' in error)) return undefined;
  const address = String(error.address);
  return `${address.includes(':') ? `[${address}]` : address}:${String(error.port)}`;
}
