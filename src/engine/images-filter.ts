import { EngineError } from '../base/errors.ts';
import { parseNano } from '../containers/clock.ts';
import {
  booleanFilter,
  checkFields,
  type Filters,
  matchLabels,
  matchNoLabels,
  valuesOf,
} from '../containers/filters.ts';
import { familiarName, familiarString, type Reference } from '../formats/reference.ts';
import { apiTimestamp } from '../formats/timestamp.ts';
import { compileGlob } from '../images/glob.ts';
import type { ImageRecord } from '../images/image-record.ts';
import { findImage } from '../images/lookup.ts';
import type { Reader } from '../store/store.ts';

/** A checked filter of images. */
export interface ImageFilter {
  /** Only those without tag, only those with one; undefined: all. */
  readonly dangling: boolean | undefined;
  matches(image: ImageRecord): boolean;
  /** Whether a name is shown. */
  shows(reference: Reference): boolean;
  /** Images none of whose names is shown are left out. */
  readonly byName: boolean;
}

export const LIST_FILTERS = ['dangling', 'label', 'label!', 'before', 'since', 'reference', 'until'];
export const PRUNE_FILTERS = ['dangling', 'label', 'label!', 'until'];

/** Compiles filters of the fields in `known`. Errors: `invalid` (field, value, pattern), `not-found` (before, since). */
export function compileImageFilter(read: Reader, filters: Filters, known: readonly string[]): ImageFilter {
  checkFields(filters, known);
  const upper = lowest([bound(read, filters, 'before'), untilBound(filters)]);
  const lower = bound(read, filters, 'since');
  const globs = (valuesOf(filters, 'reference') ?? []).map(compileGlob);
  return {
    dangling: booleanFilter(filters, 'dangling'),
    matches(image) {
      const created = createdNano(image);
      return (
        (upper === undefined || created < upper) &&
        (lower === undefined || created > lower) &&
        matchLabels(filters, 'label', image.labels) &&
        matchNoLabels(filters, 'label!', image.labels)
      );
    },
    byName: globs.length > 0,
    shows: (reference) =>
      globs.length === 0 ||
      globs.some((matches) => matches(familiarString(reference)) || matches(familiarName(reference))),
  };
}

/** Nanoseconds since the epoch; 0 for an image that does not say. */
export function createdNano(image: ImageRecord): bigint {
  return image.createdAt === undefined ? 0n : (parseNano(image.createdAt) ?? 0n);
}

/** The creation time of the image a filter names; of several, the last counts. */
function bound(read: Reader, filters: Filters, field: string): bigint | undefined {
  const name = valuesOf(filters, field)?.at(-1);
  return name === undefined ? undefined : createdNano(findImage(read, name).image);
}

function untilBound(filters: Filters): bigint | undefined {
  const values = valuesOf(filters, 'until');
  if (!values) return undefined;
  const [value = ''] = values;
  if (values.length > 1) throw new EngineError('invalid', 'more than one until filter specified');
  const [seconds = '0', fraction = ''] = apiTimestamp(value, Date.now()).split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

function lowest(bounds: readonly (bigint | undefined)[]): bigint | undefined {
  return bounds.reduce((low, each) => (low === undefined || (each !== undefined && each < low) ? each : low));
}
