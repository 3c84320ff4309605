import { decodePath } from './path-bytes.ts';
import { TAR_BLOCK } from './tar-entry.ts';
import { parseTarNumber } from './tar-number.ts';

/** A header block as it is, before extended headers have their say. Numbers are undefined where the field is malformed. */
export interface TarHeader {
  /** One character: `0`, `5`, `x`, `L`, …; NUL in archives older than POSIX. */
  readonly typeflag: string;
  readonly name: string;
  readonly linkname: string;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly size: number | undefined;
  readonly mtime: number | undefined;
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly uname: string;
  readonly gname: string;
}

/*
 * Fields, `offset length`: name 0 100, mode 100 8, uid 108 8, gid 116 8, size 124 12, mtime 136 12, chksum 148 8,
 * typeflag 156 1, linkname 157 100, magic and version 257 8, uname 265 32, gname 297 32, devmajor 329 8, devminor 337 8,
 * prefix 345 155 (POSIX.1-2017, pax, "ustar Interchange Format"). GNU's magic is `ustar  ` and its prefix something else;
 * star keeps 131 bytes of prefix and says `tar` at 508.
 */

/** Parses the block at `at` of `bytes`. */
export function parseTarHeader(bytes: Buffer, at: number): TarHeader {
  const magic = bytes.toString('latin1', at + 257, at + 265);
  const ustar = magic.startsWith('ustar');
  const name = textField(bytes, at, 100);
  const prefix = magic.startsWith('ustar\0') ? textField(bytes, at + 345, prefixLength(bytes, at)) : '';
  return {
    typeflag: bytes.toString('latin1', at + 156, at + 157),
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkname: textField(bytes, at + 157, 100),
    mode: parseTarNumber(bytes, at + 100, 8),
    uid: parseTarNumber(bytes, at + 108, 8),
    gid: parseTarNumber(bytes, at + 116, 8),
    size: parseTarNumber(bytes, at + 124, 12),
    mtime: parseTarNumber(bytes, at + 136, 12),
    major: ustar ? parseTarNumber(bytes, at + 329, 8) : 0,
    minor: ustar ? parseTarNumber(bytes, at + 337, 8) : 0,
    uname: ustar ? textField(bytes, at + 265, 32) : '',
    gname: ustar ? textField(bytes, at + 297, 32) : '',
  };
}

function prefixLength(bytes: Buffer, at: number): number {
  return bytes.toString('latin1', at + 508, at + 512) === 'tar\0' ? 131 : 155;
}

/** Text up to the first NUL or the end of the field. */
function textField(bytes: Buffer, at: number, length: number): string {
  if (bytes[at] === 0) return '';
  let end = at;
  const limit = at + length;
  while (end < limit && bytes[end] !== 0) end++;
  return decodePath(bytes.subarray(at, end));
}

/** True when the block holds nothing but zeros: two of them end an archive. */
export function isZeroBlock(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0) return false;
  for (let i = at; i < at + TAR_BLOCK; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Compares the checksum field with the sum of the block, counted with unsigned bytes or, as some old programs did, signed ones. */
export function checksumMatches(bytes: Buffer, at: number): boolean {
  const stated = parseTarNumber(bytes, at + 148, 8);
  return stated === headerSum(bytes, at) || stated === signedSum(bytes, at);
}

/** Sum of a header block's bytes, the checksum field itself counted as blanks. */
export function headerSum(bytes: Buffer, at: number): number {
  let sum = 8 * 0x20;
  for (let i = at; i < at + 148; i++) sum += bytes[i] ?? 0;
  for (let i = at + 156; i < at + TAR_BLOCK; i++) sum += bytes[i] ?? 0;
  return sum;
}

function signedSum(bytes: Buffer, at: number): number {
  let sum = headerSum(bytes, at);
  for (let i = at; i < at + TAR_BLOCK; i++) {
    const inChecksum = i >= at + 148 && i < at + 156;
    if (!inChecksum && (bytes[i] ?? 0) > 127) sum -= 256;
  }
  return sum;
}
