import { EngineError } from '../base/errors.ts';
import { decodePath } from './path-bytes.ts';
import { resolveEntry } from './tar-dialects.ts';
import { TAR_BLOCK, type TarEntry, type TarExtent, tarPadding } from './tar-entry.ts';
import { checksumMatches, isZeroBlock, parseTarHeader, type TarHeader } from './tar-header.ts';
import { parseTarNumber } from './tar-number.ts';
import { emptyPax, type PaxRecords, parsePax } from './tar-pax.ts';
import { checkCount, checkExtents, parseOldSparse, SparseMapReader } from './tar-sparse.ts';

/** Takes what a {@link TarReader} finds, synchronously and in order: `entry`, any number of `data`, `end`. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** Bytes of the current file from `offset` of it on. They are only valid during the call. Holes are left out. */
  data(bytes: Buffer, offset: number): void;
  end(): void;
}

/** Most bytes of one extended header or long name; also all global headers together. Go's archive/tar has the same limit. */
const MAX_EXTENDED = 1 << 20;
/** PATH_MAX of Linux: a longer name cannot be made. */
const MAX_NAME = 4096;

/** What the bytes that come next are. */
type State =
  | { readonly at: 'header' }
  | { readonly at: 'extended'; readonly typeflag: string; readonly body: Buffer; filled: number }
  | { readonly at: 'old-sparse'; readonly header: TarHeader; readonly extents: TarExtent[]; size: number }
  | { readonly at: 'sparse-map'; readonly entry: TarEntry; readonly map: SparseMapReader; stored: number }
  | { readonly at: 'data' }
  | { readonly at: 'skip'; left: number }
  | { readonly at: 'trailer' };

type BlockState = Extract<State, { at: 'header' | 'old-sparse' | 'sparse-map' }>;

/**
 * Reads a tar archive that is pushed in pieces of any size: ustar, PAX with global headers, GNU long names, base-256
 * numbers, the four GNU sparse formats, V7 and star. Synchronous, so that a worker spends no promise per member. Hostile
 * archives meet bounds and fail with `invalid`, naming member and position; nothing is buffered beyond 1 MiB.
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #block = Buffer.alloc(TAR_BLOCK);
  #blockFilled = 0;
  #state: State = { at: 'header' };
  /** Bytes of the archive consumed, for messages. */
  #position = 0;
  #zeroBlocks = 0;
  readonly #global: PaxRecords = emptyPax();
  #globalBytes = 0;
  #pax: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;
  /** Extents of the file whose data is being read, the index of the current one, and the bytes done of it. */
  #extents: readonly TarExtent[] = [];
  #extent = 0;
  #extentDone = 0;
  #padding = 0;
  #current = '';

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** Takes the next piece of the archive. Throws `invalid` for a malformed one, and whatever the sink throws. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const used = this.#step(chunk, at);
      at += used;
      this.#position += used;
    }
  }

  /** Says that the archive is complete. Throws `invalid` when it ends in the middle of a member. */
  finish(): void {
    const { at } = this.#state;
    if (at === 'trailer' || (at === 'header' && this.#blockFilled === 0 && !this.#hasPending())) return;
    // The last member's padding alone may be missing: nothing is lost.
    if (at === 'skip' && !this.#hasPending()) return;
    throw this.#error(
      at === 'header' ? 'the archive ends in the middle of a header' : 'the archive is cut off',
    );
  }

  #hasPending(): boolean {
    return this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
  }

  /** Consumes some of `chunk` from `at`; returns how much. */
  #step(chunk: Buffer, at: number): number {
    const state = this.#state;
    switch (state.at) {
      case 'data':
        return this.#takeData(chunk, at);
      case 'skip': {
        const used = Math.min(state.left, chunk.length - at);
        state.left -= used;
        if (state.left === 0) this.#state = { at: 'header' };
        return used;
      }
      case 'extended': {
        const used = chunk.copy(state.body, state.filled, at);
        state.filled += used;
        if (state.filled === state.body.length) this.#finishExtended(state.typeflag, state.body);
        return used;
      }
      case 'trailer':
        return chunk.length - at;
      default:
        return this.#takeBlock(state, chunk, at);
    }
  }

  /** Hands a whole block to the state that wants one, without copying where the chunk holds it whole. */
  #takeBlock(state: BlockState, chunk: Buffer, at: number): number {
    if (this.#blockFilled === 0 && chunk.length - at >= TAR_BLOCK) {
      this.#onBlock(state, chunk, at);
      return TAR_BLOCK;
    }
    const used = chunk.copy(this.#block, this.#blockFilled, at);
    this.#blockFilled += used;
    if (this.#blockFilled === TAR_BLOCK) {
      this.#blockFilled = 0;
      this.#onBlock(state, this.#block, 0);
    }
    return used;
  }

  #onBlock(state: BlockState, bytes: Buffer, at: number): void {
    switch (state.at) {
      case 'header':
        this.#onHeader(bytes, at);
        break;
      case 'old-sparse':
        this.#onOldSparse(state.header, state.extents, state.size, bytes.subarray(at, at + TAR_BLOCK));
        break;
      case 'sparse-map':
        this.#onSparseMap(state, bytes.subarray(at, at + TAR_BLOCK));
    }
  }

  #onHeader(bytes: Buffer, at: number): void {
    if (isZeroBlock(bytes, at)) {
      if (this.#hasPending()) throw this.#error('an extended header belongs to no member');
      this.#zeroBlocks++;
      if (this.#zeroBlocks === 2) this.#state = { at: 'trailer' };
      return;
    }
    if (this.#zeroBlocks > 0) throw this.#error('a member follows the end of the archive');
    if (!checksumMatches(bytes, at)) {
      throw this.#error('the checksum of a header is wrong: this is no tar archive, or a damaged one');
    }
    const header = parseTarHeader(bytes, at);
    if ('xXgLK'.includes(header.typeflag)) this.#beginExtended(header);
    else if (header.typeflag === 'V') this.#skip(paddedSize(Math.max(header.size ?? 0, 0)));
    else if (header.typeflag === 'S') this.#beginOldSparse(header, bytes.subarray(at, at + TAR_BLOCK));
    else this.#onMember(header);
  }

  #beginExtended(header: TarHeader): void {
    const size = header.size ?? -1;
    if (size < 0 || size > MAX_EXTENDED) {
      throw this.#error(`an extended header of ${size} bytes is refused (at most ${MAX_EXTENDED})`);
    }
    if (header.typeflag === 'g') {
      this.#globalBytes += size;
      if (this.#globalBytes > MAX_EXTENDED)
        throw this.#error(`global headers of more than ${MAX_EXTENDED} bytes are refused`);
    }
    const body = Buffer.alloc(size);
    this.#state = { at: 'extended', typeflag: header.typeflag, body, filled: 0 };
    if (size === 0) this.#finishExtended(header.typeflag, body);
  }

  #finishExtended(typeflag: string, body: Buffer): void {
    const what = `tar archive, extended header before byte ${this.#block512()}`;
    if (typeflag === 'g') parsePax(body, this.#global, true, what);
    else if (typeflag === 'L') this.#longName = longText(body);
    else if (typeflag === 'K') this.#longLink = longText(body);
    else {
      this.#pax ??= emptyPax();
      parsePax(body, this.#pax, false, what);
    }
    this.#skip(tarPadding(body.length));
  }

  #skip(bytes: number): void {
    this.#state = bytes === 0 ? { at: 'header' } : { at: 'skip', left: bytes };
  }

  /** GNU keeps four extents in the header and 21 in each block that follows while a flag says so. */
  #beginOldSparse(header: TarHeader, block: Buffer): void {
    const what = this.#label(this.#longName ?? header.name);
    const size = parseTarNumber(block, 483, 12);
    if (size === undefined || size < 0) throw this.#error('bad size of a sparse file');
    const extents = parseOldSparse(block, 386, 4, what);
    if (block[482] === 1) this.#state = { at: 'old-sparse', header, extents, size };
    else this.#onMember(header, { extents, size });
  }

  #onOldSparse(header: TarHeader, extents: TarExtent[], size: number, block: Buffer): void {
    const what = this.#label(this.#longName ?? header.name);
    extents.push(...parseOldSparse(block, 0, 21, what));
    checkCount(extents.length, what);
    if (block[504] !== 1) this.#onMember(header, { extents, size });
  }

  #onMember(header: TarHeader, sparse?: { extents: readonly TarExtent[]; size: number }): void {
    const label = this.#label(this.#longName ?? header.name);
    const resolved = resolveEntry(
      header,
      { global: this.#global, own: this.#pax, longName: this.#longName, longLink: this.#longLink, sparse },
      label,
    );
    this.#pax = undefined;
    this.#longName = undefined;
    this.#longLink = undefined;
    const { entry, stored } = resolved;
    this.#current = entry.name;
    this.#checkNames(entry);
    if (resolved.mapInData) {
      const map = new SparseMapReader(this.#label(entry.name));
      this.#state = { at: 'sparse-map', entry, map, stored };
      return;
    }
    this.#beginData(entry, stored);
  }

  #checkNames(entry: TarEntry): void {
    if (entry.name === '') throw this.#error('a member without a name');
    if (entry.name.length > MAX_NAME || entry.linkname.length > MAX_NAME) {
      throw this.#error(`a name of more than ${MAX_NAME} characters is refused`);
    }
  }

  #onSparseMap(state: Extract<State, { at: 'sparse-map' }>, block: Buffer): void {
    state.stored -= TAR_BLOCK;
    if (state.stored < 0) throw this.#error('the map of a sparse file is longer than the member');
    const extents = state.map.push(block);
    if (extents) this.#beginData({ ...state.entry, sparse: extents }, state.stored);
  }

  #beginData(entry: TarEntry, stored: number): void {
    const sparse = entry.sparse && checkExtents(entry.sparse, entry.size, stored, this.#label(entry.name));
    this.#extents = sparse ?? (stored === 0 ? [] : [{ offset: 0, length: stored }]);
    this.#extent = 0;
    this.#extentDone = 0;
    this.#padding = tarPadding(stored);
    this.#state = { at: 'data' };
    if (entry.type !== 'file') this.#extents = [];
    this.#sink.entry(sparse ? { ...entry, sparse } : entry);
    if (this.#extents.length === 0)
      this.#endMember(entry.type === 'file' ? this.#padding : stored + this.#padding);
  }

  #takeData(chunk: Buffer, at: number): number {
    const extent = this.#extents[this.#extent];
    if (!extent) throw new Error('tar reader: data without an extent');
    const used = Math.min(extent.length - this.#extentDone, chunk.length - at);
    this.#sink.data(chunk.subarray(at, at + used), extent.offset + this.#extentDone);
    this.#extentDone += used;
    if (this.#extentDone === extent.length) {
      this.#extent++;
      this.#extentDone = 0;
      if (this.#extent === this.#extents.length) this.#endMember(this.#padding);
    }
    return used;
  }

  #endMember(skip: number): void {
    this.#sink.end();
    this.#current = '';
    this.#skip(skip);
  }

  #label(name: string): string {
    return `tar member ${JSON.stringify(name.slice(0, 200))} (at byte ${this.#block512()})`;
  }

  /** Start of the block being looked at. */
  #block512(): number {
    return this.#position - (this.#position % TAR_BLOCK);
  }

  #error(message: string): EngineError {
    const where =
      this.#current === '' ? `tar archive at byte ${this.#block512()}` : this.#label(this.#current);
    return new EngineError('invalid', `${where}: ${message}`);
  }
}

function paddedSize(size: number): number {
  return size + tarPadding(size);
}

/** GNU's long names end at the first NUL. */
function longText(body: Buffer): string {
  const end = body.indexOf(0);
  return decodePath(end < 0 ? body : body.subarray(0, end));
}
