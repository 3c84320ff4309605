import { encodePath, hasRawBytes } from './path-bytes.ts';
import { BLANK_ENTRY, TAR_BLOCK, type TarEntry, type TarType, tarPadding } from './tar-entry.ts';
import { headerSum } from './tar-header.ts';
import { formatPaxTime, MAX_OCTAL_7, MAX_OCTAL_11, putOctal } from './tar-number.ts';
import { formatPax, xattrRecord } from './tar-pax.ts';

const TYPEFLAGS: Record<TarType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  char: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

const ZEROS = Buffer.alloc(TAR_BLOCK);
/** What ends an archive: two blocks of zeros. */
export const TAR_END: Buffer = Buffer.alloc(2 * TAR_BLOCK);

/**
 * The header of a member: one ustar block, preceded by a PAX extended header when a value does not fit it (long or
 * non-ASCII names, large numbers, nanoseconds, extended attributes). The same entry always gives the same bytes. `sparse`
 * is not written: the data that follows is all `size` bytes.
 */
export function tarHeader(entry: TarEntry): Buffer {
  const records = paxRecords(entry);
  const main = ustarBlock(entry, TYPEFLAGS[entry.type]);
  if (records.size === 0) return main;
  const body = formatPax(records);
  const header = ustarBlock({ ...PAX_ENTRY, size: body.length }, 'x');
  return Buffer.concat([header, body, tarPaddingBytes(body.length), main]);
}

/** The zeros that follow `size` bytes of data. */
export function tarPaddingBytes(size: number): Buffer {
  return ZEROS.subarray(0, tarPadding(size));
}

const PAX_ENTRY: TarEntry = { ...BLANK_ENTRY, name: 'PaxHeaders/0', mode: 0o644 };

function paxRecords(entry: TarEntry): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  const text = (key: string, value: string): void => {
    records.set(key, encodePath(value));
  };
  const longText = (key: string, value: string, fits: boolean): void => {
    if (!fits || !isAscii(value)) text(key, value);
    if (hasRawBytes(value)) text('hdrcharset', 'BINARY');
  };
  const number = (key: string, value: number, limit: number): void => {
    if (value > limit) text(key, String(value));
  };
  longText('path', entry.name, splitName(encodePath(entry.name)) !== undefined);
  longText('linkpath', entry.linkname, Buffer.byteLength(entry.linkname) <= 100);
  longText('uname', entry.uname, Buffer.byteLength(entry.uname) < 32);
  longText('gname', entry.gname, Buffer.byteLength(entry.gname) < 32);
  number('size', entry.size, MAX_OCTAL_11);
  number('uid', entry.uid, MAX_OCTAL_7);
  number('gid', entry.gid, MAX_OCTAL_7);
  const { mtime, atime } = entry;
  if (mtime.nsec !== 0 || mtime.sec < 0 || mtime.sec > MAX_OCTAL_11) text('mtime', formatPaxTime(mtime));
  if (atime) text('atime', formatPaxTime(atime));
  for (const xattr of entry.xattrs) records.set(...xattrRecord(xattr));
  return records;
}

function ustarBlock(entry: TarEntry, typeflag: string): Buffer {
  const block = Buffer.alloc(TAR_BLOCK);
  const name = encodePath(entry.name);
  const [prefix, rest] = splitName(name) ?? [Buffer.alloc(0), name.subarray(0, 100)];
  rest.copy(block, 0);
  putOctal(block, 100, 8, entry.mode);
  putOctal(block, 108, 8, fitting(entry.uid, MAX_OCTAL_7));
  putOctal(block, 116, 8, fitting(entry.gid, MAX_OCTAL_7));
  putOctal(block, 124, 12, fitting(entry.size, MAX_OCTAL_11));
  putOctal(block, 136, 12, fitting(entry.mtime.sec, MAX_OCTAL_11));
  block.write(typeflag, 156);
  encodePath(entry.linkname).copy(block, 157, 0, 100);
  block.write('ustar\x0000', 257);
  encodePath(entry.uname).copy(block, 265, 0, 31);
  encodePath(entry.gname).copy(block, 297, 0, 31);
  putOctal(block, 329, 8, entry.major);
  putOctal(block, 337, 8, entry.minor);
  prefix.copy(block, 345);
  block.write(headerSum(block, 0).toString(8).padStart(6, '0') + '\0 ', 148, 'latin1');
  return block;
}

/** A number a PAX record says in full is 0 in the header. */
function fitting(value: number, limit: number): number {
  return value >= 0 && value <= limit ? value : 0;
}

/** Prefix and name fields of a name, undefined when it does not fit them: 155 bytes, a slash, 100 bytes. */
function splitName(name: Buffer): [prefix: Buffer, rest: Buffer] | undefined {
  if (name.length <= 100) return [Buffer.alloc(0), name];
  const slash = name.indexOf(0x2f, name.length - 101);
  if (slash <= 0 || slash > 155 || slash === name.length - 1) return undefined;
  return [name.subarray(0, slash), name.subarray(slash + 1)];
}

function isAscii(text: string): boolean {
  return /^[\x01-\x7f]*$/.test(text);
}
