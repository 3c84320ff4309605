import { EngineError } from '../../base/errors.ts';

/** What a member of a layer is about. `parent` and `base` are clean: no leading slash, no `.`; the root's path is ''. */
export type Target =
  | { readonly kind: 'root' }
  | { readonly kind: 'entry'; readonly parent: string; readonly base: string }
  /** `.wh.NAME`: NAME of the layers below is gone (OCI image-spec, layer.md#whiteouts). */
  | { readonly kind: 'whiteout'; readonly parent: string; readonly base: string }
  /** `.wh..wh..opq`: everything the layers below have in `parent` is gone. */
  | { readonly kind: 'opaque'; readonly parent: string };

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** A component that is empty, `.` or `..`. */
const UNTIDY = /(?:^|\/)\.{0,2}(?:\/|$)/;
/** Directories of aufs's own bookkeeping in old images; hard links may lead into the first. */
export const AUFS_DIRECTORIES: readonly string[] = ['.wh..wh.plnk', '.wh..wh.orph', '.wh..wh.aufs'];

/** Path of `base` in `parent`. */
export function joinPath(parent: string, base: string): string {
  return parent === '' ? base : `${parent}/${base}`;
}

/** The directory part and the last component of a clean, non-empty path. */
export function splitPath(path: string): { parent: string; base: string } {
  const slash = path.lastIndexOf('/');
  return { parent: slash < 0 ? '' : path.slice(0, slash), base: path.slice(slash + 1) };
}

/**
 * A member's name as a path from the layer's root: `./a`, `/a` and `a/` are all `a`. Throws `invalid` on `..`, whether or
 * not it would leave the layer: no tool that writes layers writes it.
 */
export function cleanPath(name: string): string {
  if (!UNTIDY.test(name)) return name;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    throw new EngineError('invalid', '".." in a name could lead out of the layer; it is refused');
  }
  return parts.join('/');
}

/** Tells entries from whiteouts. Throws `invalid` on `..` and on whiteouts that name nothing or lie in the middle of a name. */
export function parseTarget(name: string): Target {
  const path = cleanPath(name);
  if (path === '') return { kind: 'root' };
  const { parent, base } = splitPath(path);
  if (!path.includes(WHITEOUT)) return { kind: 'entry', parent, base };
  checkParent(parent);
  if (!base.startsWith(WHITEOUT)) return { kind: 'entry', parent, base };
  if (base === OPAQUE) return { kind: 'opaque', parent };
  if (parent === '' && AUFS_DIRECTORIES.includes(base)) return { kind: 'entry', parent, base };
  const hidden = base.slice(WHITEOUT.length);
  if (hidden === '' || hidden === '.' || hidden === '..' || hidden.startsWith(WHITEOUT)) {
    throw new EngineError('invalid', `a whiteout of ${JSON.stringify(hidden)} is refused`);
  }
  return { kind: 'whiteout', parent, base: hidden };
}

function checkParent(parent: string): void {
  const [first = '', ...rest] = parent.split('/');
  const inside = AUFS_DIRECTORIES.includes(first) ? rest : [first, ...rest];
  if (inside.some((part) => part.startsWith(WHITEOUT))) {
    throw new EngineError('invalid', 'a whiteout cannot hold other entries');
  }
}
