import { EngineError } from '../base/errors.ts';

/** Filters as the API sends them: field → accepted values. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Throws `invalid` for the first field that is not among `known`. */
export function checkFields(filters: Filters, known: readonly string[]): void {
  for (const field of filters.keys()) {
    if (!known.includes(field)) throw new EngineError('invalid', `invalid filter '${field}'`);
  }
}

export function invalidFilter(field: string, value: string): EngineError {
  return new EngineError('invalid', `invalid filter '${field}=${value}'`);
}

/** The values of a field; `undefined` when it does not filter. */
export function valuesOf(filters: Filters, field: string): readonly string[] | undefined {
  const values = filters.get(field);
  return values && values.length > 0 ? values : undefined;
}

/** `label=key` and `label=key=value`: every given value must hold. */
export function matchLabels(
  filters: Filters,
  field: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (filters.get(field) ?? []).every((wanted) => hasLabel(labels, wanted));
}

/** `label!=…`: none of the given values may hold. */
export function matchNoLabels(
  filters: Filters,
  field: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  return !(filters.get(field) ?? []).some((unwanted) => hasLabel(labels, unwanted));
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  const key = at < 0 ? wanted : wanted.slice(0, at);
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === wanted.slice(at + 1));
}

/**
 * Docker's loose match: some value equals `text`, or is a regular expression that occurs in it. A value that is no
 * valid expression only ever equals.
 */
export function matchLoosely(filters: Filters, field: string, text: string): boolean {
  const values = valuesOf(filters, field);
  return values === undefined || values.some((value) => value === text || matchesPattern(value, text));
}

const MAX_PATTERN = 1000;

function matchesPattern(pattern: string, text: string): boolean {
  if (pattern.length > MAX_PATTERN) return false;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
}

/** A filter of one yes or no. Throws `invalid` for anything else. */
export function booleanFilter(filters: Filters, field: string): boolean | undefined {
  const values = valuesOf(filters, field);
  if (!values) return undefined;
  const [value = ''] = values;
  if (values.length === 1 && ['true', '1'].includes(value)) return true;
  if (values.length === 1 && ['false', '0'].includes(value)) return false;
  throw invalidFilter(field, values.join(','));
}
