import { EngineError } from '../base/errors.ts';
import { decodePath } from './path-bytes.ts';
import type { TarExtent, TarXattr } from './tar-entry.ts';
import { parseDecimal } from './tar-number.ts';

/**
 * The records of PAX extended headers (POSIX.1-2017, pax, "pax Extended Header"): `"LENGTH KEY=VALUE\n"`, LENGTH counting
 * itself. Values are bytes; those that are text are strings in the notation of `path-bytes.ts`.
 */
export interface PaxRecords {
  /** Text records by key; '' takes back what a global header or the header's own field says. */
  readonly texts: Map<string, string>;
  /** Extended attributes by name. */
  readonly xattrs: Map<string, Uint8Array>;
  /** Extents of GNU's sparse format 0.0, which repeats `GNU.sparse.offset` and `GNU.sparse.numbytes`. */
  readonly extents: TarExtent[];
}

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';
/** What only makes sense for one member; in a global header it would rename or resize everything after it. */
const PER_MEMBER = /^(?:path|linkpath|size|GNU\.sparse\..*|SCHILY\.xattr\..*|LIBARCHIVE\.xattr\..*)$/;

/** No records at all. */
export function emptyPax(): PaxRecords {
  return { texts: new Map(), xattrs: new Map(), extents: [] };
}

/**
 * Parses the body of an extended header (`x`) or, with `global`, of a global one (`g`), into `into`; later records win.
 * Throws `invalid` naming `what`.
 */
export function parsePax(body: Buffer, into: PaxRecords, global: boolean, what: string): void {
  let sparseOffset: number | undefined;
  for (let at = 0; at < body.length; ) {
    const { key, value, next } = parseRecord(body, at, what);
    at = next;
    if (global && PER_MEMBER.test(key)) {
      throw new EngineError('invalid', `${what}: a global header must not set ${JSON.stringify(key)}`);
    }
    if (key === 'GNU.sparse.offset') sparseOffset = parseDecimal(value.toString('latin1'), `${what}: ${key}`);
    else if (key === 'GNU.sparse.numbytes') {
      const length = parseDecimal(value.toString('latin1'), `${what}: ${key}`);
      into.extents.push({ offset: sparseOffset ?? 0, length });
    } else if (key.startsWith(SCHILY)) into.xattrs.set(key.slice(SCHILY.length), value);
    else if (key.startsWith(LIBARCHIVE)) putLibarchive(into, key, value);
    else putText(into, key, value, what);
  }
}

function putText(into: PaxRecords, key: string, value: Buffer, what: string): void {
  const text = decodePath(value);
  if (text.includes('\0')) throw new EngineError('invalid', `${what}: ${key} holds a NUL byte`);
  into.texts.set(key, text);
}

/** libarchive writes names URL-encoded and values in base64; where both spellings are present SCHILY's exact bytes count. */
function putLibarchive(into: PaxRecords, key: string, value: Buffer): void {
  const name = key
    .slice(LIBARCHIVE.length)
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (!into.xattrs.has(name)) into.xattrs.set(name, Buffer.from(value.toString('latin1'), 'base64'));
}

function parseRecord(body: Buffer, at: number, what: string): { key: string; value: Buffer; next: number } {
  const malformed = (): never => {
    throw new EngineError('invalid', `${what}: malformed extended header record at byte ${at}`);
  };
  const space = body.indexOf(0x20, at);
  if (space < 0 || space - at > 10) return malformed();
  const length = Number(body.toString('latin1', at, space));
  const next = at + length;
  if (!Number.isInteger(length) || length < space - at + 4 || next > body.length || body[next - 1] !== 0x0a) {
    return malformed();
  }
  const equals = body.indexOf(0x3d, space + 1);
  if (equals <= space + 1 || equals >= next) return malformed();
  const value = Buffer.from(body.subarray(equals + 1, next - 1));
  return { key: body.toString('utf8', space + 1, equals), value, next };
}

/** The body of an extended header: `records` in key order, so that the same records give the same bytes. */
export function formatPax(records: ReadonlyMap<string, Uint8Array>): Buffer {
  const keys = [...records.keys()].sort();
  return Buffer.concat(keys.map((key) => formatRecord(key, records.get(key) ?? Buffer.alloc(0))));
}

function formatRecord(key: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** The record key that carries an extended attribute; SCHILY's spelling cannot hold a name with `=`. */
export function xattrRecord({ name, value }: TarXattr): [key: string, value: Uint8Array] {
  if (!name.includes('=')) return [SCHILY + name, value];
  const encoded = Buffer.from(name).toString('latin1').replace(/[%=]/g, encodeURIComponent);
  return [LIBARCHIVE + encoded, Buffer.from(Buffer.from(value).toString('base64'))];
}
