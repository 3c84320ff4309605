import { EngineError } from '../base/errors.ts';

/**
 * Readers for JSON documents out of registries and image layouts: each takes the value and the path of the field, and
 * throws `invalid` naming it. Keys match exactly: two spellings of one field must not mean one thing to whoever signed a
 * document and another to us. `null` counts as absent.
 */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses UTF-8 JSON that must be an object; `what` names the document in errors. */
export function parseJsonObject(bytes: Uint8Array | string, what: string): JsonObject {
  return jsonObject(parseJson(bytes, what), what);
}

/** Parses UTF-8 JSON; `what` names the document in errors. */
export function parseJson(bytes: Uint8Array | string, what: string): unknown {
  try {
    return JSON.parse(
      typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes),
    );
  } catch (cause) {
    throw new EngineError('invalid', `${what}: not JSON`, { cause });
  }
}

export function jsonObject(value: unknown, path: string): JsonObject {
  if (!isJsonObject(value)) throw mismatch(path, 'an object', value);
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An array of at most `limit` items. */
export function jsonArray(value: unknown, path: string, limit: number): readonly unknown[] {
  if (!Array.isArray(value)) throw mismatch(path, 'an array', value);
  if (value.length > limit) {
    throw new EngineError('invalid', `${path}: ${value.length} entries (at most ${limit} are allowed)`);
  }
  return value;
}

export function jsonString(value: unknown, path: string): string {
  if (typeof value !== 'string') throw mismatch(path, 'a string', value);
  return value;
}

/** A string, or undefined when absent or empty. */
export function optionalString(value: unknown, path: string): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : jsonString(value, path);
}

/** A whole number of zero or more. */
export function jsonSize(value: unknown, path: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw mismatch(path, 'a whole number', value);
  }
  return value;
}

export function stringList(value: unknown, path: string, limit: number): string[] {
  return jsonArray(value, path, limit).map((item, i) => jsonString(item, `${path}[${i}]`));
}

export function stringMap(value: unknown, path: string): Readonly<Record<string, string>> {
  const entries = Object.entries(jsonObject(value, path));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, jsonString(item, `${path}[${JSON.stringify(key)}]`)]),
  );
}

/** True for a field that is there. */
export function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function mismatch(path: string, wanted: string, value: unknown): EngineError {
  const got = value === undefined ? 'nothing' : JSON.stringify(value)?.slice(0, 80);
  return new EngineError('invalid', `${path}: expected ${wanted}, got ${got}`);
}
