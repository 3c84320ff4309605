import type { ErrorKind } from '../../base/errors.ts';
import type { DiffId, Digest } from '../../formats/digest.ts';
import type { UnpackResult, WhiteoutStyle } from '../unpack-job.ts';

/**
 * Between the pool and a worker, one job at a time:
 *
 *     pool                                worker
 *      │── job ──────────────────────────▶ reads the file up to `received`, or waits for chunks
 *      │── received (a growing file) ────▶
 *      │── chunk, chunk … end (a stream) ▶
 *      │◀── consumed ───────────────────── compressed bytes worked off, in all; also the stream's window
 *      │── cancel ───────────────────────▶ nobody wants it any more, or the rest will not come
 *      │◀── done │ failed ──────────────── the target is complete, or gone
 */
export type ToWorker =
  | { readonly kind: 'job'; readonly job: WorkerJob }
  | { readonly kind: 'received'; readonly bytes: number }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'cancel' };

export type FromWorker =
  | { readonly kind: 'consumed'; readonly bytes: number }
  | { readonly kind: 'done'; readonly result: UnpackResult }
  | { readonly kind: 'failed'; readonly error: WireError };

export interface WireError {
  readonly kind: ErrorKind;
  readonly message: string;
}

export interface WorkerJob {
  readonly source:
    | { readonly kind: 'file'; readonly path: string; readonly size: number; readonly received: number }
    | { readonly kind: 'stream' };
  readonly compressedDigest?: Digest;
  readonly diffId?: DiffId;
  readonly target: string;
  readonly whiteouts: WhiteoutStyle;
}
