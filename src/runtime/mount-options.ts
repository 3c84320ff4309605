import { EngineError } from '../base/errors.ts';
import type { MountAttr, PropagationType } from '../kernel/shim-ops.ts';

/** The options of an OCI mount (mount(8), config.md#mounts), sorted by what carries them out. */
export interface MountOptions {
  /** Absent: not a bind mount. */
  readonly bind?: 'bind' | 'rbind';
  readonly set: readonly MountAttr[];
  readonly clear: readonly MountAttr[];
  /** Of the mount and all below it (`rro`). */
  readonly setRecursive: readonly MountAttr[];
  readonly clearRecursive: readonly MountAttr[];
  readonly propagation?: { readonly type: PropagationType; readonly recursive: boolean };
  /** What is left: the file system's own. */
  readonly data: readonly string[];
}

const ATTRIBUTES: Readonly<Record<string, { readonly attr: MountAttr; readonly on: boolean }>> = {
  ro: { attr: 'ro', on: true },
  rw: { attr: 'ro', on: false },
  nosuid: { attr: 'nosuid', on: true },
  suid: { attr: 'nosuid', on: false },
  nodev: { attr: 'nodev', on: true },
  dev: { attr: 'nodev', on: false },
  noexec: { attr: 'noexec', on: true },
  exec: { attr: 'noexec', on: false },
  nodiratime: { attr: 'nodiratime', on: true },
  diratime: { attr: 'nodiratime', on: false },
  nosymfollow: { attr: 'nosymfollow', on: true },
  symfollow: { attr: 'nosymfollow', on: false },
  noatime: { attr: 'noatime', on: true },
  atime: { attr: 'noatime', on: false },
  relatime: { attr: 'relatime', on: true },
  norelatime: { attr: 'strictatime', on: true },
  strictatime: { attr: 'strictatime', on: true },
  nostrictatime: { attr: 'relatime', on: true },
};

const PROPAGATION = /^(r?)(private|shared|slave|unbindable)$/;
/** What a mount is anyway, or what only old kernels told apart. */
const WITHOUT_EFFECT = ['defaults', 'async', 'loud', 'silent', 'nomand', 'nolazytime', 'noiversion'];
const REFUSED: Readonly<Record<string, string>> = {
  remount: 'a mount is made with the options it has, remount is not supported',
  tmpcopyup: 'copying up into a tmpfs is not supported',
  idmap: 'id-mapped mounts are not supported',
  ridmap: 'id-mapped mounts are not supported',
};

/** Sorts options; of two that contradict each other the later counts. Throws `invalid` or `not-implemented` naming `path`. */
export function sortMountOptions(options: readonly string[], path: string): MountOptions {
  const own = new Map<MountAttr, boolean>();
  const recursive = new Map<MountAttr, boolean>();
  const data: string[] = [];
  let bind: MountOptions['bind'];
  let propagation: MountOptions['propagation'];
  for (const [i, option] of options.entries()) {
    const refused = Object.hasOwn(REFUSED, option) ? REFUSED[option] : undefined;
    if (refused) throw new EngineError('not-implemented', `${path}.options[${i}]: ${option}: ${refused}`);
    const found = PROPAGATION.exec(option);
    if (option === 'bind' || option === 'rbind') bind = option;
    else if (found) propagation = { type: propagationType(found[2]), recursive: found[1] === 'r' };
    else if (!takeAttribute(option, own, recursive) && !WITHOUT_EFFECT.includes(option)) data.push(option);
  }
  return {
    ...(bind && { bind }),
    set: those(own, true),
    clear: those(own, false),
    setRecursive: those(recursive, true),
    clearRecursive: those(recursive, false),
    ...(propagation && { propagation }),
    data,
  };
}

function those(attributes: ReadonlyMap<MountAttr, boolean>, on: boolean): MountAttr[] {
  return [...attributes].filter(([, wanted]) => wanted === on).map(([attr]) => attr);
}

function takeAttribute(
  option: string,
  own: Map<MountAttr, boolean>,
  recursive: Map<MountAttr, boolean>,
): boolean {
  const plain = lookUp(option);
  const found = plain ?? (option.startsWith('r') ? lookUp(option.slice(1)) : undefined);
  if (!found) return false;
  (plain ? own : recursive).set(found.attr, found.on);
  return true;
}

function lookUp(option: string): { attr: MountAttr; on: boolean } | undefined {
  return Object.hasOwn(ATTRIBUTES, option) ? ATTRIBUTES[option] : undefined;
}

function propagationType(text: string | undefined): PropagationType {
  return text === 'shared' || text === 'slave' || text === 'unbindable' ? text : 'private';
}
