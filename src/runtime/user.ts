import { EngineError } from '../base/errors.ts';
import {
  type GroupEntry,
  MAX_ID,
  type PasswdEntry,
  parseGroup,
  parseId,
  parsePasswd,
} from '../formats/passwd.ts';

/** Who a process runs as. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, the main one first: leaving it out would let setgroups-dependent checks pass (CVE-2022-36109). */
  readonly groups: readonly number[];
  /** Home directory of the passwd entry, `/` without one. */
  readonly home: string;
}

/** The text of a file of the container, read inside its root; `undefined` when there is none. Throws when it exceeds `limit` bytes. */
export type ReadContainerFile = (path: string, limit: number) => string | undefined;

/** Bytes of passwd or group; a larger file is not worth its memory (CVE-2026-47262). */
const MAX_FILE = 4 << 20;

/**
 * Resolves `user[:group]` (names or numbers; empty is root) and the names or numbers of `groupAdd` against the container's
 * own /etc/passwd and /etc/group. Digits are always an id, whatever names the files hold, and ids beyond 2^31-1 are refused
 * rather than wrapped (CVE-2024-40635, CVE-2026-46680, CVE-2026-30892). Groups that list the user count only when no
 * group was asked for (CVE-2023-25173). Throws `invalid` in Docker's words.
 */
export function resolveUser(
  user: string,
  groupAdd: readonly string[],
  read: ReadContainerFile,
): ResolvedUser {
  const colon = user.indexOf(':');
  const userPart = colon < 0 ? user : user.slice(0, colon);
  const groupPart = colon < 0 ? '' : user.slice(colon + 1);
  const entry = findUser(userPart, parsePasswd(read('/etc/passwd', MAX_FILE) ?? ''));
  const groups = parseGroup(read('/etc/group', MAX_FILE) ?? '');
  const gid = groupPart === '' ? entry.gid : findGroup(groupPart, groups);
  const listed = groupPart === '' ? groupsListing(entry.name, groups) : [];
  const added = groupAdd.map((group) => findGroup(group, groups));
  return {
    uid: entry.uid,
    gid,
    groups: [...new Set([gid, ...listed, ...added])],
    home: entry.home || '/',
  };
}

function findUser(text: string, users: readonly PasswdEntry[]): PasswdEntry {
  const uid = text === '' ? 0 : idIn(text);
  const entry = users.find((each) => (uid === undefined ? each.name === text : each.uid === uid));
  if (entry) return entry;
  if (uid !== undefined) return { name: '', uid, gid: 0, home: '' };
  throw new EngineError('invalid', `unable to find user ${text}: no matching entries in passwd file`);
}

function findGroup(text: string, groups: readonly GroupEntry[]): number {
  const gid = idIn(text) ?? groups.find(({ name }) => name === text)?.gid;
  if (gid !== undefined) return gid;
  throw new EngineError('invalid', `unable to find group ${text}: no matching entries in group file`);
}

/** The id that `text` is, `undefined` when it is a name. A signed or too large number is neither. */
function idIn(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const id = parseId(text);
  if (id === undefined) {
    throw new EngineError('invalid', `${text}: uids and gids must be in range 0-${MAX_ID}`);
  }
  return id;
}

function groupsListing(name: string, groups: readonly GroupEntry[]): number[] {
  return name === '' ? [] : groups.filter(({ members }) => members.includes(name)).map(({ gid }) => gid);
}
