import { EngineError } from '../base/errors.ts';
import type { TarExtent } from './tar-entry.ts';
import { parseDecimal, parseTarNumber } from './tar-number.ts';

/** More extents than any sensible file has; each costs memory before a byte of data has been seen. */
export const MAX_EXTENTS = 131_072;

/** GNU sparse format 0.1: `offset,length,offset,length…`. Throws `invalid` naming `what`. */
export function parseSparseMap(text: string, what: string): TarExtent[] {
  if (text === '') return [];
  const numbers = text.split(',', 2 * MAX_EXTENTS + 2).map((number) => parseDecimal(number, what));
  checkCount(numbers.length / 2, what);
  return pairUp(numbers, what);
}

function pairUp(numbers: readonly number[], what: string): TarExtent[] {
  if (numbers.length % 2 !== 0) throw new EngineError('invalid', `${what}: odd number of values`);
  const extents: TarExtent[] = [];
  for (let i = 0; i < numbers.length; i += 2) {
    extents.push({ offset: numbers[i] ?? 0, length: numbers[i + 1] ?? 0 });
  }
  return extents;
}

/**
 * Old GNU format: `count` records of two 12-byte numbers from `offset` of a header block; an empty record ends the list.
 * Throws `invalid` naming `what`.
 */
export function parseOldSparse(block: Buffer, offset: number, count: number, what: string): TarExtent[] {
  const extents: TarExtent[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + i * 24;
    if (block[at] === 0 && block[at + 12] === 0) break;
    const start = parseTarNumber(block, at, 12);
    const length = parseTarNumber(block, at + 12, 12);
    if (start === undefined || length === undefined) {
      throw new EngineError('invalid', `${what}: malformed number`);
    }
    extents.push({ offset: start, length });
  }
  return extents;
}

/** The map at the start of a member's data in GNU sparse format 1.0: decimal lines, their count first, padded to a block. */
export class SparseMapReader {
  readonly #what: string;
  readonly #numbers: number[] = [];
  #line = '';
  #wanted: number | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  /** Takes the next block; returns the map once it is complete. */
  push(block: Buffer): TarExtent[] | undefined {
    const lines = (this.#line + block.toString('latin1')).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) {
      const value = parseDecimal(line, this.#what);
      if (this.#wanted === undefined) this.#wanted = this.#countOf(value);
      else this.#numbers.push(value);
      if (this.#numbers.length === this.#wanted) return pairUp(this.#numbers, this.#what);
    }
    if (this.#line.length > 20) throw new EngineError('invalid', `${this.#what}: malformed number`);
    return undefined;
  }

  #countOf(extents: number): number {
    checkCount(extents, this.#what);
    return extents * 2;
  }
}

/** Throws `invalid` naming `what` when there are more than {@link MAX_EXTENTS}. */
export function checkCount(extents: number, what: string): void {
  if (extents <= MAX_EXTENTS) return;
  throw new EngineError('invalid', `${what}: more than ${MAX_EXTENTS} extents in a sparse file`);
}

/**
 * Checks that extents ascend, do not overlap, end within `size` and together hold `stored` bytes; empty ones are left out.
 * Throws `invalid` naming `what`.
 */
export function checkExtents(
  extents: readonly TarExtent[],
  size: number,
  stored: number,
  what: string,
): TarExtent[] {
  let end = 0;
  let total = 0;
  for (const { offset, length } of extents) {
    if (offset < end || length < 0 || offset + length > size) {
      throw new EngineError('invalid', `${what}: extent ${offset}+${length} overlaps or leaves the file`);
    }
    end = offset + length;
    total += length;
  }
  if (total !== stored) {
    throw new EngineError('invalid', `${what}: extents hold ${total} bytes, the member ${stored}`);
  }
  return extents.filter(({ length }) => length > 0);
}
