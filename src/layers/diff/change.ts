import type { Stat } from '../../kernel/attributes.ts';
import type { Fd } from '../../kernel/fd.ts';

/**
 * One difference between a tree and what lies below it. Paths are clean and relative, '' for the root. Changes come in
 * an order that can be applied: a directory before what is in it, entries of a directory sorted by name.
 */
export type Change =
  /** Entry `name` of `at` is new or not what it was; `below` is what it replaces. `at` is only good until the next change. */
  | {
      readonly kind: 'entry';
      readonly path: string;
      readonly at: Fd;
      readonly name: string;
      readonly stat: Stat;
      readonly below: Stat | undefined;
      /** A directory that is only here because something in it has changed. */
      readonly same: boolean;
    }
  /** An entry of the layers below is gone. */
  | { readonly kind: 'gone'; readonly path: string }
  /** Everything the layers below have in the directory is gone; `names` is what that was. */
  | { readonly kind: 'opaque'; readonly path: string; readonly names: readonly string[] };

/** True when two directories differ in nothing that an entry of a layer says. */
export function sameAttributes(a: Stat, b: Stat): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

export function sameTimes(a: Stat, b: Stat): boolean {
  return a.mtime.sec === b.mtime.sec && a.mtime.nsec === b.mtime.nsec;
}

/** Orders names by their UTF-16 code units: the same on every machine. */
export function byName<T extends { readonly name: string }>(entries: readonly T[]): T[] {
  return [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
}
