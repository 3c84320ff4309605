import { type Ctx, checkCancelled } from '../base/ctx.ts';
import { type TarInput, writeTar } from '../formats/tar-stream.ts';
import { statEntry } from '../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { readDirectory } from '../kernel/directories.ts';
import { type Fd, openAt, own } from '../kernel/fd.ts';
import { openRoot } from '../kernel/rooted.ts';
import { joinPath, splitPath } from './apply/names.ts';
import { byName, type Change } from './diff/change.ts';
import { copyChanges } from './diff/copy-changes.ts';
import { checkTellable, MemberMaker, markerMember } from './diff/members.ts';
import { overlayChanges } from './diff/overlay-changes.ts';
import { MergedDir } from './merged.ts';
import type { WhiteoutStyle } from './unpack-job.ts';

/** A writable directory and what lies below it. */
export interface DiffSource {
  /** How the snapshotter tells changes: `overlay` marks them in `dir`, with `facts` `dir` is a whole copy. */
  readonly whiteouts: WhiteoutStyle;
  /** The upper directory of an overlay, or the copy. */
  readonly dir: string;
  /** The uppermost first; one or none with `facts`. */
  readonly lowerDirs: readonly string[];
}

/**
 * The layer that leads from what lies below to `source.dir`, as a tar archive: whiteouts and opaque directories as the OCI
 * image-spec has them (layer.md), names sorted, so that the same tree gives the same bytes. Every directory in the upper
 * directory is a member of its own, so that nothing is implied. Sockets are left out.
 */
export async function* diffLayer(ctx: Ctx, source: DiffSource): AsyncGenerator<Uint8Array> {
  yield* writeTar(layerMembers(ctx, source));
}

async function* layerMembers(ctx: Ctx, source: DiffSource): AsyncGenerator<TarInput> {
  const maker = new MemberMaker();
  for (const change of changesOf(source)) {
    checkCancelled(ctx);
    const member = memberOf(change, maker);
    if (member) yield member;
    await breather();
  }
}

function memberOf(change: Change, maker: MemberMaker): TarInput | undefined {
  checkTellable(change.path);
  switch (change.kind) {
    case 'entry':
      if (change.path === '' && change.same) return undefined;
      return maker.member(change.path, change.at, change.name, change.stat);
    case 'gone': {
      const { parent, base } = splitPath(change.path);
      return markerMember(joinPath(parent, `.wh.${base}`));
    }
    case 'opaque':
      return markerMember(joinPath(change.path, '.wh..wh..opq'));
  }
}

function* changesOf(source: DiffSource): Generator<Change> {
  using dir = own(openRoot(source.dir));
  using lower = MergedDir.open(source.lowerDirs);
  if (source.whiteouts === 'overlay') yield* overlayChanges(dir.fd, lower);
  else yield* copyChanges(dir.fd, lower.dirs[0]);
}

/** What `docker diff` tells of an entry. */
export interface TreeChange {
  readonly kind: 'added' | 'modified' | 'deleted';
  /** From the container's root, with a leading slash. */
  readonly path: string;
}

/** Added, modified and deleted entries, sorted by path; directories above a change are modified, the root is left out. */
export async function treeChanges(ctx: Ctx, source: DiffSource): Promise<TreeChange[]> {
  const found = new Map<string, TreeChange['kind']>();
  for (const change of changesOf(source)) {
    checkCancelled(ctx);
    tell(change, found);
    await breather();
  }
  return [...found]
    .map(([path, kind]) => ({ kind, path: `/${path}` }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function tell(change: Change, found: Map<string, TreeChange['kind']>): void {
  switch (change.kind) {
    case 'entry':
      if (change.path === '' || change.same) return;
      // What an opaque directory has again was there before.
      found.set(change.path, change.below || found.has(change.path) ? 'modified' : 'added');
      break;
    case 'gone':
      found.set(change.path, 'deleted');
      break;
    case 'opaque':
      for (const name of change.names) found.set(joinPath(change.path, name), 'deleted');
  }
  for (let { parent } = splitPath(change.path); parent !== ''; { parent } = splitPath(parent)) {
    if (found.has(parent)) break;
    found.set(parent, 'modified');
  }
}

/**
 * A whole tree below `root` as a tar archive (`docker export`): names sorted and without a leading slash. `root` is a
 * descriptor of a mounted, merged tree and stays the caller's. Directories that something else is mounted on are empty,
 * sockets are left out.
 */
export async function* exportTree(ctx: Ctx, root: Fd): AsyncGenerator<Uint8Array> {
  yield* writeTar(treeMembers(ctx, root, '', { maker: new MemberMaker(), dev: statEntry(root, '').dev }));
}

async function* treeMembers(
  ctx: Ctx,
  directory: Fd,
  path: string,
  tree: { readonly maker: MemberMaker; readonly dev: string },
): AsyncGenerator<TarInput> {
  for (const { name } of byName(readDirectory(directory))) {
    checkCancelled(ctx);
    const below = joinPath(path, name);
    const stat = statEntry(directory, name);
    const member = tree.maker.member(below, directory, name, stat);
    if (member) yield member;
    await breather();
    if (stat.type !== 'directory' || stat.dev !== tree.dev) continue;
    using opened = own(openAt(directory, name, O_PATH | O_DIRECTORY));
    yield* treeMembers(ctx, opened.fd, below, tree);
  }
}

const SLICE_MS = 4;
let sliceEnd = 0;

/** Lets other work have its turn every few milliseconds. */
async function breather(): Promise<void> {
  if (performance.now() < sliceEnd) return;
  await new Promise((resolve) => setImmediate(resolve));
  sliceEnd = performance.now() + SLICE_MS;
}
