import type { Ctx } from '../base/ctx.ts';
import { EngineError } from '../base/errors.ts';
import { runInSlices } from '../base/slices.ts';
import { chmod, setTimes, statEntry, statIfThere } from '../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../kernel/constants.ts';
import { TreeCopier } from '../kernel/copy-tree.ts';
import { makeDirectory, makeHardLink, unlink } from '../kernel/entries.ts';
import { type Fd, openAt, own } from '../kernel/fd.ts';
import { openIn, openRoot } from '../kernel/rooted.ts';
import { isReservedXattr, isWhiteout, makeWhiteout, markOpaque } from './apply/marks.ts';
import { joinPath, splitPath } from './apply/names.ts';
import { enter, MergedDir } from './merged.ts';
import type { DeferredFact } from './unpack-job.ts';

/**
 * The second pass over a layer that was unpacked without those below it: decides what `deferred` left open, against
 * `lowerDirs` (the uppermost first). Links into lower layers are copied up first, as overlay would; directories that
 * no entry described get the attributes they have below; a layer for a snapshotter without overlay is filled up with what it
 * shows of the layer below. Throws `invalid` for a hard link to nothing.
 */
export async function settle(
  ctx: Ctx,
  dir: string,
  deferred: readonly DeferredFact[],
  lowerDirs: readonly string[],
): Promise<void> {
  using lower = MergedDir.open(lowerDirs);
  using layer = own(openRoot(dir));
  await runInSlices(ctx, new Settlement(layer.fd, lower, deferred).run());
}

class Settlement {
  readonly #layer: Fd;
  readonly #lower: MergedDir;
  readonly #deferred: readonly DeferredFact[];
  readonly #copier: TreeCopier;
  readonly #implied: Set<string>;

  constructor(layer: Fd, lower: MergedDir, deferred: readonly DeferredFact[]) {
    this.#layer = layer;
    this.#lower = lower;
    this.#deferred = deferred;
    this.#copier = new TreeCopier(layer, { skipXattr: isReservedXattr });
    this.#implied = new Set(this.#paths('implied'));
  }

  *run(): Generator<void> {
    if (this.#deferred.some(({ kind }) => kind === 'fill')) yield* this.#fillUp();
    else if (this.#paths('opaque').includes('')) this.#hideAll();
    for (const fact of this.#deferred) if (fact.kind === 'link') yield* this.#link(fact.path, fact.target);
    for (const path of this.#implied) {
      this.#inherit(path);
      yield;
    }
  }

  #paths(kind: 'implied' | 'opaque' | 'whiteout'): string[] {
    return this.#deferred.flatMap((fact) => (fact.kind === kind ? [fact.path] : []));
  }

  /** An opaque root: overlay merges roots whatever their marks, so each entry below is hidden by itself. */
  #hideAll(): void {
    keepingTimes(this.#layer, () => {
      for (const name of this.#lower.names()) {
        const own = statIfThere(this.#layer, name);
        if (own?.type === 'directory') this.#markOpaque(name);
        else if (!own) makeWhiteout(this.#layer, name);
      }
    });
  }

  #markOpaque(path: string): void {
    using directory = own(this.#open(path));
    markOpaque(directory.fd);
  }

  #open(path: string): Fd {
    return openIn(this.#layer, path, O_PATH | O_DIRECTORY);
  }

  /** Attributes of a directory no entry described: those it has below, 0755 root where it is new. */
  #inherit(path: string): void {
    using directory = own(this.#open(path));
    using below = enter(this.#lower, path);
    const [top] = below?.dirs ?? [];
    if (top === undefined) chmod(directory.fd, '', 0o755);
    else this.#copier.attributes(top, '', statEntry(top, ''), directory.fd, '');
  }

  *#link(path: string, target: string): Generator<void> {
    yield* this.#copyUp(path, target);
    const from = splitPath(target);
    const to = splitPath(path);
    using fromDir = own(this.#open(from.parent));
    using toDir = own(this.#open(to.parent));
    keepingTimes(toDir.fd, () => {
      const there = statIfThere(toDir.fd, to.base);
      if (there && isWhiteout(there)) unlink(toDir.fd, to.base);
      makeHardLink(fromDir.fd, from.base, toDir.fd, to.base);
    });
  }

  /** Brings the target of a link into the layer, unless an earlier link has. */
  *#copyUp(path: string, target: string): Generator<void> {
    const { parent, base } = splitPath(target);
    const nothing = new EngineError(
      'invalid',
      `layer entry ${JSON.stringify(path)}: hard link to ${JSON.stringify(target)}, which is no file of this layer or those below`,
    );
    using directory = own(this.#makeDirectories(parent, nothing));
    const there = statIfThere(directory.fd, base);
    if (there && !isWhiteout(there) && there.type !== 'directory') return;
    using lower = enter(this.#lower, parent);
    const entry = lower?.find(base);
    if (there || !entry || entry.stat.type === 'directory') throw nothing;
    const times = statEntry(directory.fd, '');
    yield* this.#copier.entry(entry.at, entry.name, directory.fd, target);
    setTimes(directory.fd, '', times.atime, times.mtime);
  }

  /** Makes the directories above a copied-up file, as implied ones. */
  #makeDirectories(path: string, otherwise: EngineError): Fd {
    let at = this.#open('');
    let made = '';
    for (const name of path.split('/').filter(Boolean)) {
      using parent = own(at);
      made = joinPath(made, name);
      const stat = statIfThere(parent.fd, name);
      if (stat && stat.type !== 'directory') throw otherwise;
      if (!stat) {
        keepingTimes(parent.fd, () => makeDirectory(parent.fd, name));
        this.#implied.add(made);
      }
      at = openAt(parent.fd, name, O_PATH | O_DIRECTORY);
    }
    return at;
  }

  /** Without overlay a layer holds the whole tree: what it does not change or hide comes from the layer below. */
  *#fillUp(): Generator<void> {
    const opaque = new Set(this.#paths('opaque'));
    const hidden = new Set(this.#paths('whiteout'));
    if (opaque.has('')) return;
    yield* this.#fill(this.#lower, this.#layer, '', opaque, hidden);
  }

  *#fill(
    lower: MergedDir,
    layer: Fd,
    path: string,
    opaque: ReadonlySet<string>,
    hidden: ReadonlySet<string>,
  ): Generator<void> {
    const times = statEntry(layer, '');
    for (const name of lower.names()) {
      const below = joinPath(path, name);
      const stat = statIfThere(layer, name);
      const entry = lower.find(name);
      if (!entry || hidden.has(below)) continue;
      if (!stat) {
        yield* this.#copier.entry(entry.at, name, layer, below);
      } else if (stat.type === 'directory' && entry.stat.type === 'directory' && !opaque.has(below)) {
        using lowerDir = lower.enter(name);
        using layerDir = own(openAt(layer, name, O_PATH | O_DIRECTORY));
        if (lowerDir) yield* this.#fill(lowerDir, layerDir.fd, below, opaque, hidden);
      }
    }
    setTimes(layer, '', times.atime, times.mtime);
  }
}

/** Changes entries of a directory without changing its times. */
function keepingTimes(directory: Fd, change: () => void): void {
  const { atime, mtime } = statEntry(directory, '');
  change();
  setTimes(directory, '', atime, mtime);
}
