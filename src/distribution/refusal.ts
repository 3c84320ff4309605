import { isJsonObject } from '../formats/json.ts';
import { parseChallenges } from './auth/challenge.ts';

/** A registry's answer that is not the one wanted. */
export interface Refusal {
  readonly status: number;
  /** `MANIFEST_UNKNOWN` …; empty when the registry gave none. */
  readonly code: string;
  /** As Docker prints it: `manifest unknown: manifest unknown`. */
  readonly message: string;
  /** How long it asks to be left alone. */
  readonly retryAfterMs?: number;
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  /** The first `WWW-Authenticate`. */
  readonly challenge: string | undefined;
  readonly retryAfter: string | undefined;
  /** At most {@link MAX_ERROR_BODY} bytes of it. */
  readonly body: string;
}

/** Bytes read of an error's body. */
export const MAX_ERROR_BODY = 64 << 10;
/** Characters of a registry's text shown to people. */
const MAX_SHOWN = 1000;

/** Reads a refusal by the first error named: in a bearer challenge, then in the body (OCI distribution-spec, "Error Codes"). */
export function parseRefusal(answer: Answer, now: number = Date.now()): Refusal {
  const [first] = [...challengeErrors(answer.challenge), ...bodyErrors(answer.body)];
  const wait = parseRetryAfter(answer.retryAfter, now);
  const common = { status: answer.status, ...(wait !== undefined && { retryAfterMs: wait }) };
  if (first === undefined) return { ...common, ...unexplained(answer) };
  return { ...common, code: first.code, message: `${words(first.code)}: ${first.message}` };
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 section 10.2.3). */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header === '') return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

interface RegistryError {
  readonly code: string;
  readonly message: string;
}

function challengeErrors(header: string | undefined): RegistryError[] {
  for (const { scheme, parameters } of parseChallenges(header)) {
    if (scheme !== 'bearer') continue;
    const text = printable(parameters['error_description'] ?? '');
    if (parameters['error'] === 'invalid_token') {
      return [{ code: 'UNAUTHORIZED', message: text || 'authentication required' }];
    }
    if (parameters['error'] === 'insufficient_scope') {
      return [{ code: 'DENIED', message: text || 'requested access to the resource is denied' }];
    }
  }
  return [];
}

function bodyErrors(body: string): RegistryError[] {
  const json = tryJson(body);
  if (!isJsonObject(json)) return [];
  const { errors, details, message } = json;
  if (Array.isArray(errors)) return errors.slice(0, 5).flatMap(bodyError);
  // Token servers answer {"details": "incorrect username or password"}.
  const text = [details, message].find((each) => typeof each === 'string' && each !== '');
  return typeof text === 'string' ? [{ code: 'UNAUTHORIZED', message: printable(text) }] : [];
}

function bodyError(value: unknown): RegistryError[] {
  if (!isJsonObject(value)) return [];
  const code = typeof value['code'] === 'string' ? printable(value['code']) : 'UNKNOWN';
  const message = typeof value['message'] === 'string' ? printable(value['message']) : '';
  return [{ code, message: message || words(code) }];
}

function unexplained({ status, statusText, body }: Answer): Pick<Refusal, 'code' | 'message'> {
  const shown = JSON.stringify(printable(body));
  if (status === 401) return { code: 'UNAUTHORIZED', message: 'unauthorized: authentication required' };
  if (status === 429)
    return { code: 'TOOMANYREQUESTS', message: `toomanyrequests: ${printable(body) || 'too many requests'}` };
  if (status >= 500) {
    return { code: '', message: `received unexpected HTTP status: ${status} ${printable(statusText)}` };
  }
  const why = tryJson(body) === undefined ? 'it is not JSON' : 'no error details found in HTTP response body';
  return { code: '', message: `error parsing HTTP ${status} response body: ${why}: ${shown}` };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `MANIFEST_UNKNOWN` → `manifest unknown`. */
function words(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ');
}

/** A stranger's text as one to show: no control characters, no end without end. */
function printable(text: string): string {
  const clean = text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, ' ').trim();
  return clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}…` : clean;
}
