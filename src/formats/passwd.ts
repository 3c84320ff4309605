/** One user of a passwd(5) file. */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** One group of a group(5) file. */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Ids above this are refused everywhere: a signed 32-bit reader sees them as negative, or as 0 (CVE-2024-40635). */
export const MAX_ID = 2 ** 31 - 1;

/**
 * The id in `text`: decimal digits of at most 2^31-1, or `undefined`. A sign, blanks or more digits are no id, so that
 * nothing wraps around to root (CVE-2024-40635, CVE-2026-46680).
 */
export function parseId(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= MAX_ID ? id : undefined;
}

/** The entries of a passwd(5) file; comments and lines that are not entries, ids out of range included, are passed over. */
export function parsePasswd(text: string): PasswdEntry[] {
  return lines(text).flatMap(([name, , uidText, gidText, , home]) => {
    const uid = parseId(uidText ?? '');
    const gid = parseId(gidText ?? '');
    if (!name || uid === undefined || gid === undefined) return [];
    return [{ name, uid, gid, home: home ?? '' }];
  });
}

/** The entries of a group(5) file; see {@link parsePasswd}. */
export function parseGroup(text: string): GroupEntry[] {
  return lines(text).flatMap(([name, , gidText, members]) => {
    const gid = parseId(gidText ?? '');
    if (!name || gid === undefined) return [];
    return [{ name, gid, members: (members ?? '').split(',').filter((member) => member !== '') }];
  });
}

function lines(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
