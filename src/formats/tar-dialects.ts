import { EngineError } from '../base/errors.ts';
import type { TarEntry, TarExtent, TarTime, TarType, TarXattr } from './tar-entry.ts';
import type { TarHeader } from './tar-header.ts';
import { parseDecimal, parsePaxTime } from './tar-number.ts';
import type { PaxRecords } from './tar-pax.ts';
import { parseSparseMap } from './tar-sparse.ts';

/** What came before a member's own header and adds to it. */
export interface Extensions {
  readonly global: PaxRecords;
  readonly own: PaxRecords | undefined;
  /** GNU long name and long link. */
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
  /** Of the old GNU format, where the map lies in the header. */
  readonly sparse: { readonly extents: readonly TarExtent[]; readonly size: number } | undefined;
}

export interface ResolvedEntry {
  readonly entry: TarEntry;
  /** Bytes in the archive that belong to the member. */
  readonly stored: number;
  /** GNU sparse format 1.0: the extents come first in the data. */
  readonly mapInData: boolean;
}

const NO_XATTRS: readonly TarXattr[] = [];

/**
 * One entry out of a header and its extensions. Where they disagree: the member's PAX records beat global ones, those beat
 * the header, and a GNU long name beats all (as Go's archive/tar has it, so that every engine sees the same name). Throws
 * `invalid` beginning with `label`.
 */
export function resolveEntry(header: TarHeader, extensions: Extensions, label: string): ResolvedEntry {
  const { own } = extensions;
  const text = (key: string): string | undefined => {
    const value = own?.texts.get(key) ?? extensions.global.texts.get(key);
    return value === '' ? undefined : value;
  };
  const number = (key: string, field: number | undefined, what = key): number => {
    const record = text(key);
    const value = record === undefined ? field : parseDecimal(record, `${label}: ${key}`);
    if (value === undefined || value < 0) throw new EngineError('invalid', `${label}: bad ${what}`);
    return value;
  };
  const type = typeOf(header, label);
  const isFile = type === 'file';
  const stored =
    type === 'directory' && header.typeflag !== 'D' ? 0 : storedSize(type, number('size', header.size));
  const sparse = isFile ? sparseOf(extensions, text, stored, label) : undefined;
  const atime = text('atime');
  const entry: TarEntry = {
    name: extensions.longName ?? text('GNU.sparse.name') ?? text('path') ?? header.name,
    type,
    mode: number('', header.mode, 'mode') & 0o7777,
    uid: number('uid', header.uid),
    gid: number('gid', header.gid),
    size: isFile ? (sparse?.size ?? stored) : 0,
    mtime: timeOf(text('mtime'), header.mtime, label),
    ...(atime === undefined ? {} : { atime: parsePaxTime(atime, `${label}: atime`) }),
    linkname: isLink(type) ? (extensions.longLink ?? text('linkpath') ?? header.linkname) : '',
    major: isDevice(type) ? number('SCHILY.devmajor', header.major, 'device major') : 0,
    minor: isDevice(type) ? number('SCHILY.devminor', header.minor, 'device minor') : 0,
    xattrs:
      own && own.xattrs.size > 0 ? [...own.xattrs].map(([name, value]) => ({ name, value })) : NO_XATTRS,
    ...(sparse?.extents ? { sparse: sparse.extents } : {}),
    uname: text('uname') ?? header.uname,
    gname: text('gname') ?? header.gname,
  };
  return { entry, stored, mapInData: sparse !== undefined && sparse.extents === undefined };
}

function isLink(type: TarType): boolean {
  return type === 'symlink' || type === 'hardlink';
}

function isDevice(type: TarType): boolean {
  return type === 'char' || type === 'block';
}

/** Links, devices and FIFOs have no data whatever their size says; a directory has some only in GNU's dump format. */
function storedSize(type: TarType, size: number): number {
  return type === 'file' || type === 'directory' ? size : 0;
}

function typeOf(header: TarHeader, label: string): TarType {
  switch (header.typeflag) {
    case '\0':
      return header.name.endsWith('/') ? 'directory' : 'file';
    case '0':
    case '7':
    case 'S':
      return 'file';
    case '1':
      return 'hardlink';
    case '2':
      return 'symlink';
    case '3':
      return 'char';
    case '4':
      return 'block';
    case '5':
    case 'D':
      return 'directory';
    case '6':
      return 'fifo';
    default:
      throw new EngineError('invalid', `${label}: unknown member type ${JSON.stringify(header.typeflag)}`);
  }
}

function timeOf(record: string | undefined, field: number | undefined, label: string): TarTime {
  if (record !== undefined) return parsePaxTime(record, `${label}: mtime`);
  if (field === undefined) throw new EngineError('invalid', `${label}: bad mtime`);
  return { sec: field, nsec: 0 };
}

/** The real size, and the extents unless they are in the data, of a file in any of the sparse formats. */
function sparseOf(
  { own, sparse }: Extensions,
  text: (key: string) => string | undefined,
  stored: number,
  label: string,
): { size: number; extents: readonly TarExtent[] | undefined } | undefined {
  if (sparse) return sparse;
  const sizeText = text('GNU.sparse.realsize') ?? text('GNU.sparse.size');
  const size = sizeText === undefined ? stored : parseDecimal(sizeText, `${label}: GNU.sparse.size`);
  const version = `${text('GNU.sparse.major') ?? '0'}.${text('GNU.sparse.minor') ?? '0'}`;
  if (version === '1.0') return { size, extents: undefined };
  if (version !== '0.0' && version !== '0.1') {
    throw new EngineError('invalid', `${label}: unknown sparse format ${version}`);
  }
  const map = text('GNU.sparse.map');
  if (map !== undefined) return { size, extents: parseSparseMap(map, `${label}: GNU.sparse.map`) };
  if (own && own.extents.length > 0) return { size, extents: own.extents };
  return sizeText === undefined ? undefined : { size, extents: [] };
}
