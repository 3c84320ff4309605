import type { DiffId, Digest } from '../formats/digest.ts';

/**
 * Where a layer's bytes come from.
 * - `growing`: a file that is being downloaded, read from byte 0 while it grows (`content.GrowingBlob` fits)
 * - `file`: a whole file
 * - `stream`: bytes from elsewhere (`import`, `load`)
 */
export type UnpackSource =
  | { readonly kind: 'growing'; readonly blob: GrowingFile }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stream'; readonly stream: AsyncIterable<Uint8Array> };

export interface GrowingFile {
  readonly path: string;
  /** Bytes the file will have. */
  readonly size: number;
  /** Bytes readable by now. */
  readonly received: number;
  /** Calls `listener` whenever `received` has grown; returns how to stop it. */
  onGrowth(listener: (received: number) => void): () => void;
  /** Rejected when the rest will not come. */
  readonly whole: Promise<void>;
}

/** How a directory says that something below it is gone: overlay's own marks in the tree, or facts to be settled. */
export type WhiteoutStyle = 'overlay' | 'facts';

export interface UnpackJob {
  readonly source: UnpackSource;
  /** Checked when given; `data-loss` when the bytes have another digest. */
  readonly compressedDigest?: Digest;
  /** Checked when given; `data-loss` when the tar has another digest. */
  readonly diffId?: DiffId;
  /** Directory to make and fill. It must not exist; it is removed when unpacking fails. */
  readonly target: string;
  readonly whiteouts: WhiteoutStyle;
  /** Called now and then with the compressed bytes worked off so far. */
  readonly onProgress?: (bytes: number) => void;
}

export interface UnpackResult {
  readonly compressedDigest: Digest;
  readonly diffId: DiffId;
  /** Compressed bytes read. */
  readonly compressedSize: number;
  /** Bytes of the tar. */
  readonly tarSize: number;
  /** Bytes of file content written, the size `docker image inspect` reports. */
  readonly contentSize: number;
  readonly entries: number;
  /** Extended attributes left out because the filesystem has none of that kind, by name. */
  readonly xattrsLeftOut: readonly string[];
  readonly deferred: readonly DeferredFact[];
}

/**
 * What could not be decided without the layers below; {@link settle} does. Paths are relative to the layer's root,
 * without a leading slash, in the notation of `path-bytes.ts`.
 * - `implied`: a directory no entry described; its attributes are those of the lower layers
 * - `link`: a hard link whose target is not in this layer
 * - `opaque`, `whiteout`: with style `facts`, or for the root itself, which overlay cannot mark
 * - `fill`: with style `facts`, what the layers below show through is to be copied in
 */
export type DeferredFact =
  | { readonly kind: 'implied'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'opaque'; readonly path: string }
  | { readonly kind: 'whiteout'; readonly path: string }
  | { readonly kind: 'fill' };
