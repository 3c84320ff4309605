import { EngineError, isEngineError, messageOf } from '../../base/errors.ts';
import type { TarEntry } from '../../formats/tar-entry.ts';
import type { TarSink } from '../../formats/tar-reader.ts';
import { statIfThere } from '../../kernel/attributes.ts';
import { O_DIRECTORY, O_PATH } from '../../kernel/constants.ts';
import { removeTreeSync } from '../../kernel/directories.ts';
import {
  createFile,
  makeDirectory,
  makeHardLink,
  makeNode,
  makeSymlink,
  unlink,
} from '../../kernel/entries.ts';
import { closeFd, type Fd, own } from '../../kernel/fd.ts';
import { truncate, writeAll, writeAllAt } from '../../kernel/files.ts';
import { openIn, openRoot } from '../../kernel/rooted.ts';
import { isErrno } from '../../kernel/syscall.ts';
import type { DeferredFact, WhiteoutStyle } from '../unpack-job.ts';
import { applyAttributes } from './attributes.ts';
import { DIRECTORY_MODE, type Dir, Directories } from './directories.ts';
import { isWhiteout, makeWhiteout, markOpaque } from './marks.ts';
import { AUFS_DIRECTORIES, cleanPath, joinPath, parseTarget, splitPath } from './names.ts';

export interface LayerStats {
  readonly entries: number;
  /** Bytes of file content. */
  readonly contentSize: number;
  readonly xattrsLeftOut: readonly string[];
  readonly deferred: readonly DeferredFact[];
}

/**
 * Turns the members of a layer's archive into a directory, without the layers below (OCI image-spec, layer.md; overlay's
 * marks in `marks.ts`). An archive can name nothing outside: every entry is made by one name in a descriptor that was
 * reached without leaving the layer, and what is in its place is removed, never followed or written through
 * (CVE-2021-41089, CVE-2025-47290, CVE-2026-17106). The attributes of directories are set last, so that neither their
 * times nor a set-gid bit or default ACL is disturbed by, or disturbs, what is made in them.
 *
 * Errors name the entry. The caller removes what was made.
 */
export class LayerWriter implements TarSink {
  readonly #directories: Directories;
  readonly #style: WhiteoutStyle;
  /** Described directories by real path; their attributes are still to be set. */
  readonly #described = new Map<string, TarEntry>();
  readonly #opaque = new Set<string>();
  readonly #whiteouts = new Set<string>();
  readonly #links = new Map<string, string>();
  readonly #leftOut = new Set<string>();
  #aufs = false;
  #entries = 0;
  #contentSize = 0;
  #entry: TarEntry | undefined;
  #file: Fd | undefined;

  /** `directory` is an empty one that nobody else writes to. */
  constructor(directory: string, style: WhiteoutStyle) {
    this.#style = style;
    this.#directories = new Directories(openRoot(directory), (dir, hidden) => {
      if (this.#whiteouts.delete(dir.path) || hidden) this.#hideBelow(dir);
    });
    this.#directories.implied.add('');
  }

  entry(entry: TarEntry): void {
    this.#entries++;
    this.#entry = entry;
    try {
      this.#directories.beginEntry();
      this.#make(entry);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  data(bytes: Buffer, offset: number): void {
    if (this.#file === undefined) return;
    try {
      if (this.#entry?.sparse) writeAllAt(this.#file, bytes, offset);
      else writeAll(this.#file, bytes);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  end(): void {
    const file = this.#file;
    const entry = this.#entry;
    if (file === undefined || !entry) return;
    try {
      if (entry.sparse) truncate(file, entry.size);
      applyAttributes(file, '', entry, entry.mode, this.#leftOut);
    } catch (error) {
      throw this.#failure(error);
    }
    this.#contentSize += entry.size;
    this.#file = undefined;
    closeFd(file);
  }

  /** Sets what could only be set at the end, and tells what depends on the layers below. */
  finish(): LayerStats {
    if (this.#aufs) {
      for (const name of AUFS_DIRECTORIES) removeTreeSync(this.#directories.root.fd, name);
      for (const name of AUFS_DIRECTORIES) this.#forget(name);
    }
    for (const [path, entry] of this.#described) {
      this.#entry = entry;
      try {
        using directory = own(openIn(this.#directories.root.fd, path, O_PATH | O_DIRECTORY));
        applyAttributes(directory.fd, '', entry, DIRECTORY_MODE, this.#leftOut);
      } catch (error) {
        throw this.#failure(error);
      }
    }
    return {
      entries: this.#entries,
      contentSize: this.#contentSize,
      xattrsLeftOut: [...this.#leftOut].sort(),
      deferred: this.#deferred(),
    };
  }

  close(): void {
    if (this.#file !== undefined) closeFd(this.#file);
    this.#file = undefined;
    this.#directories.close();
  }

  #deferred(): DeferredFact[] {
    const byDepth = (a: string, b: string): number => (a < b ? -1 : 1);
    return [
      ...(this.#style === 'facts' ? [{ kind: 'fill' as const }] : []),
      ...[...this.#directories.implied].sort(byDepth).map((path) => ({ kind: 'implied' as const, path })),
      ...[...this.#opaque].map((path) => ({ kind: 'opaque' as const, path })),
      ...[...this.#whiteouts].map((path) => ({ kind: 'whiteout' as const, path })),
      ...[...this.#links].map(([path, target]) => ({ kind: 'link' as const, path, target })),
    ];
  }

  #make(entry: TarEntry): void {
    checkOwner(entry);
    const target = parseTarget(entry.name);
    switch (target.kind) {
      case 'root':
        this.#describeRoot(entry);
        break;
      case 'opaque':
        this.#hideBelow(this.#directories.open(target.parent, true));
        break;
      case 'whiteout':
        this.#whiteOut(this.#directories.open(target.parent, true), target.base);
        break;
      case 'entry': {
        if (target.base.startsWith('.wh.') || target.parent.startsWith('.wh.')) this.#aufs = true;
        const dir = this.#directories.open(target.parent, true);
        if (entry.type === 'directory') this.#makeDirectory(dir, target.base, entry);
        else this.#makeOther(dir, target.base, entry);
      }
    }
  }

  #describeRoot(entry: TarEntry): void {
    if (entry.type !== 'directory') {
      throw new EngineError('invalid', `the root of a layer must be a directory, not a ${entry.type}`);
    }
    this.#directories.implied.delete('');
    this.#described.set('', entry);
  }

  #makeDirectory(dir: Dir, base: string, entry: TarEntry): void {
    const path = joinPath(dir.path, base);
    let hides = this.#whiteouts.delete(path);
    this.#links.delete(path);
    if (!makeDirectory(dir.fd, base, DIRECTORY_MODE) && statIfThere(dir.fd, base)?.type !== 'directory') {
      hides = this.#clear(dir, base) || hides;
      makeDirectory(dir.fd, base, DIRECTORY_MODE);
    }
    this.#directories.implied.delete(path);
    this.#described.set(path, entry);
    if (hides) this.#hideBelow(this.#directories.open(path, true));
  }

  /** Makes anything but a directory, in the place of whatever is there. */
  #makeOther(dir: Dir, base: string, entry: TarEntry): void {
    const path = joinPath(dir.path, base);
    if (entry.type === 'char' && entry.major === 0 && entry.minor === 0) {
      // Overlay's own notation, in layers made by copying an upper directory.
      this.#whiteOut(dir, base);
      return;
    }
    this.#whiteouts.delete(path);
    this.#links.delete(path);
    try {
      this.#create(dir, base, path, entry);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      this.#clear(dir, base);
      this.#create(dir, base, path, entry);
    }
    if (entry.type === 'file' || entry.type === 'hardlink') return;
    applyAttributes(dir.fd, base, entry, entry.mode, this.#leftOut);
  }

  #create(dir: Dir, base: string, path: string, entry: TarEntry): void {
    switch (entry.type) {
      case 'file':
        this.#file = createFile(dir.fd, base, entry.mode);
        break;
      case 'symlink':
        if (entry.linkname === '') throw new EngineError('invalid', 'a symbolic link without a target');
        makeSymlink(entry.linkname, dir.fd, base);
        break;
      case 'hardlink':
        this.#link(dir, base, path, entry);
        break;
      case 'char':
      case 'block':
        checkDevice(entry);
        makeNode(dir.fd, base, entry.type, entry.mode, entry.major, entry.minor);
        break;
      case 'fifo':
        makeNode(dir.fd, base, 'fifo', entry.mode);
        break;
      case 'directory':
        throw new Error('directories are made elsewhere');
    }
  }

  /** The name of a hard link's target counts from the layer's root, wherever it seems to point. */
  #link(dir: Dir, base: string, path: string, entry: TarEntry): void {
    const target = cleanPath(entry.linkname);
    if (target === '' || target === path) {
      throw new EngineError('invalid', `a hard link to ${JSON.stringify(entry.linkname)}`);
    }
    const { parent, base: targetBase } = splitPath(target);
    const from = this.#directories.open(parent, false);
    const stat = from && statIfThere(from.fd, targetBase);
    if (!from || !stat) {
      this.#clear(dir, base);
      this.#links.set(path, from ? joinPath(from.path, targetBase) : target);
    } else if (stat.type === 'directory' || isWhiteout(stat)) {
      throw new EngineError('invalid', `a hard link to ${JSON.stringify(entry.linkname)}, which is no file`);
    } else {
      makeHardLink(from.fd, targetBase, dir.fd, base);
    }
  }

  #whiteOut(dir: Dir, base: string): void {
    const path = joinPath(dir.path, base);
    const there = statIfThere(dir.fd, base);
    if (there?.type === 'directory') this.#hideBelow(this.#directories.open(path, true));
    // A whiteout only speaks of the layers below, and those an entry of this layer hides already.
    else if (there || this.#links.has(path)) return;
    else if (this.#style === 'facts') this.#whiteouts.add(path);
    else makeWhiteout(dir.fd, base);
  }

  /** What the layers below have in `dir` is gone. Overlay merges the roots of layers whatever their marks. */
  #hideBelow(dir: Dir): void {
    if (this.#style === 'facts' || dir.path === '') this.#opaque.add(dir.path);
    else markOpaque(dir.fd);
  }

  /** Removes what is in the way, if anything; true when it was a whiteout. */
  #clear(dir: Dir, base: string): boolean {
    const stat = statIfThere(dir.fd, base);
    if (stat?.type === 'directory') {
      removeTreeSync(dir.fd, base);
      this.#forget(joinPath(dir.path, base));
    } else {
      unlink(dir.fd, base);
      if (stat?.type === 'symlink') this.#directories.forgetLinks();
    }
    return stat !== undefined && isWhiteout(stat);
  }

  /** Everything noted about `path` and below no longer holds. */
  #forget(path: string): void {
    this.#directories.forget(path);
    const below = `${path}/`;
    for (const notes of [this.#described, this.#opaque, this.#whiteouts, this.#links]) {
      for (const noted of notes.keys()) {
        if (noted === path || noted.startsWith(below)) notes.delete(noted);
      }
    }
  }

  #failure(error: unknown): EngineError {
    const name = JSON.stringify((this.#entry?.name ?? '').slice(0, 200));
    const kind = isErrno(error, ...ARCHIVE_FAULTS) ? 'invalid' : isEngineError(error) ? error.kind : 'system';
    return new EngineError(kind, `layer entry ${name}: ${messageOf(error)}`, { cause: error });
  }
}

/** What the kernel answers to things no filesystem can hold. */
const ARCHIVE_FAULTS = ['EINVAL', 'ENAMETOOLONG', 'EFBIG', 'ERANGE', 'E2BIG', 'EMLINK'];

/** The largest ID; the next one means "leave as it is" to chown(2), and larger ones are cut to a small one (CVE-2024-40635). */
const MAX_ID = 0xfffffffe;

function checkOwner({ uid, gid }: TarEntry): void {
  if (uid <= MAX_ID && gid <= MAX_ID) return;
  throw new EngineError('invalid', `there is no owner ${uid}:${gid}`);
}

/** The kernel's limits: 12 bits of major, 20 of minor (include/linux/kdev_t.h). */
function checkDevice({ major, minor }: TarEntry): void {
  if (major <= 0xfff && minor <= 0xfffff) return;
  throw new EngineError('invalid', `there is no device number ${major}:${minor}`);
}
