import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import { EngineError, messageOf } from '../base/errors.ts';
import type { ApiVersion } from './versions.ts';

/** Largest JSON body accepted; dockerd has no bound here, and no client comes near this one. */
const MAX_JSON_BODY = 8 << 20;

/** One request as a route sees it. */
export interface ApiRequest {
  /** Its signal aborts when the client goes away. */
  readonly ctx: Ctx;
  readonly version: ApiVersion;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The raw body; read at most once. */
  readonly body: Readable;
  /** Takes the connection over for raw bytes in both directions, after answering 101 (or 200 when no upgrade was asked for). */
  hijack(contentType: string): Duplex;
}

/** A path parameter that the route's pattern guarantees. */
export function param(request: ApiRequest, name: string): string {
  return request.params[name] ?? '';
}

/** Docker's idea of a boolean query value: absent, empty, `0`, `no`, `false` and `none` are false. */
export function queryBool(request: ApiRequest, name: string, absent = false): boolean {
  const value = request.query.get(name);
  if (value === null) return absent;
  return !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase());
}

/** An integer query value; `undefined` when absent or empty. Throws `invalid` naming the parameter. */
export function queryInt(request: ApiRequest, name: string): number | undefined {
  const value = request.query.get(name);
  if (value === null || value === '') return undefined;
  const number = Number(value);
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw new EngineError(
      'invalid',
      `invalid value for query parameter ${name}: ${JSON.stringify(value)} is not an integer`,
    );
  }
  return number;
}

/** A string query value; `undefined` when absent or empty. */
export function queryString(request: ApiRequest, name: string): string | undefined {
  return request.query.get(name) || undefined;
}

/** Reads a body of at most `limit` bytes; throws `invalid` when it is longer. */
export async function readBody(request: ApiRequest, limit = MAX_JSON_BODY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > limit) throw new EngineError('invalid', `request body is larger than ${limit} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/**
 * The parsed JSON body; `undefined` for an empty one. Like dockerd it insists on `application/json` when there is a body.
 * Throws `invalid` with the parser's position.
 */
export async function readJson(request: ApiRequest): Promise<unknown> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  const type = request.headers['content-type'] ?? '';
  if (type.split(';')[0]?.trim() !== 'application/json') {
    throw new EngineError('invalid', `unsupported Content-Type header (${type}): must be 'application/json'`);
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new EngineError('invalid', `invalid JSON in request body: ${messageOf(cause)}`, { cause });
  }
}

/** Filters as the API sends them: field → accepted values. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** The `filters` query parameter, in its present form (`{"a":["x"]}`) or the old one (`{"a":{"x":true}}`). */
export function queryFilters(request: ApiRequest): Filters {
  const text = request.query.get('filters');
  const filters = new Map<string, string[]>();
  if (!text) return filters;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new EngineError('invalid', `invalid filter: ${messageOf(cause)}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new EngineError('invalid', 'invalid filter: expected an object of field → values');
  }
  for (const [field, values] of Object.entries(parsed)) filters.set(field, filterValues(field, values));
  return filters;
}

function filterValues(field: string, values: unknown): string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
    return Object.entries(values).flatMap(([value, on]) => (on === true ? [value] : []));
  }
  throw new EngineError('invalid', `invalid filter '${field}': expected a list of strings`);
}
