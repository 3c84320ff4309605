import { EngineError } from '../base/errors.ts';
import type { TarEntry } from '../formats/tar-entry.ts';

/** Where a member's bytes lie in the file that the archive was spooled to. */
export interface MemberData {
  /** Normalised: no leading `./` or `/`. */
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

type Member =
  | { readonly kind: 'file'; readonly data: MemberData }
  | { readonly kind: 'link'; readonly to: string };

const MAX_MEMBERS = 200_000;
const MAX_HOPS = 16;

/**
 * The members of an image archive by name, in whatever order they came. Links lead to other members and never out of the
 * archive; two members of one name, devices and sparse files are refused: each error names the member.
 */
export class ArchiveMembers {
  readonly #members = new Map<string, Member>();

  /** Adds a member whose data will lie at `offset`. Throws `invalid`. */
  add(entry: TarEntry, offset: number): void {
    if (entry.type === 'directory') return;
    const name = normalise(entry.name, entry.name);
    if (this.#members.has(name)) throw refuse(entry.name, 'the archive has it twice');
    if (this.#members.size >= MAX_MEMBERS) throw refuse(entry.name, `more than ${MAX_MEMBERS} members`);
    this.#members.set(name, memberOf(entry, name, offset));
  }

  has(name: string): boolean {
    return this.#members.has(name);
  }

  /** Names of all files and links. */
  names(): IterableIterator<string> {
    return this.#members.keys();
  }

  /** The file that `name` is or links to. Throws `invalid` naming `name`, and where it is asked for (`what`). */
  find(name: string, what: string): MemberData {
    let at = normalise(name, name);
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const member = this.#members.get(at);
      if (!member) throw refuse(name, `${what}: the archive does not have it`);
      if (member.kind === 'file') return member.data;
      at = member.to;
    }
    throw refuse(name, 'its links lead in a circle');
  }
}

function memberOf(entry: TarEntry, name: string, offset: number): Member {
  switch (entry.type) {
    case 'file':
      if (entry.sparse) throw refuse(entry.name, 'sparse files are not taken in image archives');
      return { kind: 'file', data: { name, offset, size: entry.size } };
    case 'hardlink':
      return { kind: 'link', to: normalise(entry.linkname, entry.name) };
    case 'symlink': {
      if (entry.linkname.startsWith('/'))
        throw refuse(entry.name, `it links to ${show(entry.linkname)}, outside the archive`);
      const directory = name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
      return { kind: 'link', to: normalise(directory + entry.linkname, entry.name) };
    }
    default:
      throw refuse(entry.name, `a ${entry.type} has no place in an image archive`);
  }
}

/** `./a//b/../c` → `a/c`. Refuses what would leave the archive. */
function normalise(path: string, member: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw refuse(member, `${show(path)} leads out of the archive`);
  }
  if (parts.length === 0) throw refuse(member, `${show(path)} is no name of a file`);
  return parts.join('/');
}

function refuse(member: string, why: string): EngineError {
  return new EngineError('invalid', `image archive: entry ${show(member)}: ${why}`);
}

function show(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
