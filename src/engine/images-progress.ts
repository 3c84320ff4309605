/** What an image operation tells its caller on the way, in Docker's words; the API only puts it into JSON. */
export type Progress =
  /** A line; with `id`, the present state of that line, `current` of `total` bytes done where it counts something. */
  | {
      readonly kind: 'status';
      readonly status: string;
      readonly id?: string;
      readonly current?: number;
      readonly total?: number;
    }
  /** Text to print as it is. */
  | { readonly kind: 'text'; readonly text: string };

export type Report = (progress: Progress) => void;

/** State of one layer on its way in. */
export interface LayerProgress {
  readonly status:
    | 'Already exists'
    | 'Pulling fs layer'
    | 'Waiting'
    | 'Downloading'
    | `Retrying in ${number} seconds`
    | 'Verifying Checksum'
    | 'Download complete'
    | 'Extracting'
    | 'Pull complete'
    | 'Loading layer';
  /** Bytes. */
  readonly current?: number;
  readonly total?: number;
}

/** Counted states come at most this often, in milliseconds. */
const INTERVAL = 100;

/** Reports layers as lines called `ids`. */
export function reportLayers(
  ids: readonly string[],
  report: Report,
): (index: number, progress: LayerProgress) => void {
  const lines = ids.map((id) => throttled((progress) => report({ kind: 'status', id, ...progress })));
  return (index, progress) => lines[index]?.(progress);
}

/** Passes on what `report` is told, but of a counter that grows fast only a part: its first, its last and some between. */
function throttled(report: (progress: LayerProgress) => void): (progress: LayerProgress) => void {
  let status = '';
  let last = 0;
  return (progress) => {
    const now = performance.now();
    const complete = progress.current !== undefined && progress.current === progress.total;
    if (progress.status === status && !complete && now - last < INTERVAL) return;
    status = progress.status;
    last = now;
    report(progress);
  };
}
