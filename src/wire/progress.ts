/**
 * One record of a progress stream (pull, push, load, import, build): newline-separated JSON objects.
 * `id` names the line a status belongs to (a layer's short ID); without it the status is a line of its own.
 */
export interface ProgressRecord {
  status?: string;
  id?: string;
  /** The bar drawn by the daemon; recomputed by clients from `progressDetail`. */
  progress?: string;
  progressDetail?: ProgressDetail;
  /** Text printed as it is. */
  stream?: string;
  /** The operation failed: the last record of the stream. */
  error?: string;
  errorDetail?: { code?: number; message?: string };
  /** Result for machines: `{ID}` of a built image, `{Tag, Digest, Size}` of a push. */
  aux?: unknown;
}

/** Bytes unless `units` says otherwise; `start` in seconds since the epoch. */
export interface ProgressDetail {
  current?: number;
  total?: number;
  start?: number;
  hidecounts?: boolean;
  units?: string;
}
