import { isEngineError, messageOf } from '../base/errors.ts';
import type { Progress, Report } from '../engine/images-progress.ts';
import { humanSize } from '../formats/units.ts';
import type { ProgressRecord } from '../wire/progress.ts';
import { type Reply, stream } from './reply.ts';

/** Characters between the brackets of a bar. */
const BAR = 50;

/**
 * Answers with the progress of `work` as Docker's stream of JSON records. An error before the first record is an
 * ordinary HTTP error; one after it is the stream's last record.
 */
export async function progressReply(work: (report: Report) => Promise<void>): Promise<Reply> {
  const records: ProgressRecord[] = [];
  let wake: () => void = () => {};
  let ended = false;
  let failure: unknown;
  const running = work((progress) => {
    records.push(progressRecord(progress));
    wake();
  })
    .catch((error: unknown) => {
      failure = error ?? new Error('failed');
    })
    .finally(() => {
      ended = true;
      wake();
    });
  const more = async (): Promise<void> => {
    if (records.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
  };
  await more();
  if (records.length === 0) {
    await running;
    if (failure !== undefined) throw failure;
  }
  async function* body(): AsyncGenerator<string> {
    for (; ; await more()) {
      for (const record of records.splice(0)) yield JSON.stringify(record) + '\r\n';
      if (ended && records.length === 0) break;
    }
    if (failure !== undefined && !isEngineError(failure, 'cancelled')) {
      const message = messageOf(failure);
      yield JSON.stringify({ errorDetail: { message }, error: message } satisfies ProgressRecord) + '\r\n';
    }
  }
  return stream('application/json', body());
}

/** One record; a line with a counter also carries the bar that clients without a terminal library print. */
export function progressRecord(progress: Progress): ProgressRecord {
  if (progress.kind === 'text') return { stream: progress.text };
  const { status, id, current, total } = progress;
  if (id === undefined) return { status };
  if (current === undefined) return { status, progressDetail: {}, id };
  return {
    status,
    progressDetail: { current, ...(total !== undefined && { total }) },
    progress: bar(current, total),
    id,
  };
}

function bar(current: number, total: number | undefined): string {
  if (!total || total < current) return `${humanSize(current)}`.padStart(8);
  const done = Math.floor((current / total) * BAR);
  const drawn = done >= BAR ? `${'='.repeat(BAR)}>` : `${'='.repeat(done)}>${' '.repeat(BAR - done)}`;
  return `[${drawn}]  ${humanSize(current).padStart(8)}/${humanSize(total)}`;
}
