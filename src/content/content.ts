import type { Readable } from 'node:stream';
import type { Ctx } from '../base/ctx.ts';
import type { Descriptor } from '../formats/descriptor.ts';
import type { Digest } from '../formats/digest.ts';

/** The part of a descriptor that says which bytes are meant. */
export type BlobRef = Pick<Descriptor, 'digest' | 'size'>;

export interface ContentInfo {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Reads whole, committed blobs. A blob that is not there is `not-found`; one whose bytes are wrong is `data-loss`. */
export interface ContentProvider {
  /** Undefined when the blob is not there. */
  info(ctx: Ctx, digest: Digest): Promise<ContentInfo | undefined>;
  /** Where the blob lies (or would lie), for readers in worker threads. */
  pathOf(digest: Digest): string;
  /** A stream of the blob's bytes from `start` on. The size is checked, the digest was when the blob was committed. */
  open(ctx: Ctx, blob: BlobRef, start?: number): Promise<Readable>;
  /** The bytes of a small blob, verified against the digest; `invalid` when larger than `limit` bytes. */
  readBytes(ctx: Ctx, blob: BlobRef, limit: number): Promise<Uint8Array>;
}

/**
 * A blob's file while it is being fetched. Bytes are only ever appended, so a worker may read from byte 0 and wait for
 * more until `size`.
 */
export interface GrowingBlob extends BlobRef {
  /** Stays valid until this download is committed, rejected or cancelled; an open descriptor outlives even that. */
  readonly path: string;
  /** Bytes readable at `path` by now: what was kept from before, plus what has come. */
  readonly received: number;
  /** Bytes that needed no transfer: kept from an earlier attempt, or the whole blob. */
  readonly resumedFrom: number;
  /** Calls `listener` with `received` whenever it has grown; returns how to stop it. */
  onGrowth(listener: (received: number) => void): () => void;
  /** Fulfilled when all `size` bytes are in the file, not yet verified; rejected when fetching failed or was cancelled. */
  readonly whole: Promise<void>;
}

/** One caller's share in a download. */
export interface Download extends GrowingBlob {
  /**
   * Waits until the file is whole, verifies, flushes and moves it to its place. `proven` is the digest somebody in
   * this process has already computed of the file's bytes; without it they are hashed here. Fulfilled means "the blob
   * is stored and durable", whoever did it; doing it twice is harmless. Wrong bytes are thrown away (`data-loss`).
   */
  commit(ctx: Ctx, proven?: Digest): Promise<ContentInfo>;
}

/** The bytes of a blob from `offset` on, to the end; reconnects by itself. Throwing ends the download and keeps its bytes. */
export type BlobSource = (ctx: Ctx, offset: number) => AsyncIterable<Uint8Array>;

/** Brings blobs in. */
export interface ContentIngester {
  /**
   * Joins the download of `blob`, or starts it where an earlier one ended (`content/ingest/HEX` survives cancellation and
   * restarts). Those who ask for one blob at the same time share one transfer; it goes on until the last of them has
   * cancelled. A blob that is here already is whole at once and `source` is not called.
   */
  download(ctx: Ctx, blob: BlobRef, source: BlobSource): Promise<Download>;
  /**
   * Stores bytes whose digest is not known beforehand (a build, `load`), or checks them against `expected`. `claim` is
   * called as soon as the digest is known and before the blob has its place: the moment to hold it.
   */
  write(
    ctx: Ctx,
    source: AsyncIterable<Uint8Array>,
    expected?: BlobRef,
    claim?: (digest: Digest) => Promise<void>,
  ): Promise<ContentInfo>;
  /** Stores a small blob. */
  put(ctx: Ctx, bytes: string | Uint8Array): Promise<ContentInfo>;
}

export interface IngestInfo {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: number;
  readonly active: boolean;
}

/** Looks after what is stored. */
export interface ContentManager {
  /** False when there was nothing to delete. The caller has removed every record that names the blob before. */
  delete(ctx: Ctx, digest: Digest): Promise<boolean>;
  walk(ctx: Ctx): AsyncIterable<ContentInfo>;
  ingests(ctx: Ctx): Promise<IngestInfo[]>;
  /** Deletes the partial download of a blob, unless it is running. */
  forgetIngest(ctx: Ctx, digest: Digest): Promise<void>;
  /** Deletes partial downloads that nobody has added to for `maxAgeMs`; returns the bytes freed. */
  expireIngests(ctx: Ctx, maxAgeMs: number): Promise<number>;
}
