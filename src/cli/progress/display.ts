import type { Readable } from 'node:stream';
import { EngineError } from '../../base/errors.ts';
import { jsonRecords } from '../../client/json-stream.ts';
import type { ProgressRecord } from '../../wire/progress.ts';
import { progressBar } from './bar.ts';

/** The part of a terminal (or a pipe) that drawing needs. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * Shows a progress stream: on a terminal one line per layer, redrawn in place; elsewhere a line per change of state.
 * `onAux` gets results meant for machines. Throws `system` with the daemon's message when the operation failed.
 */
export async function showProgress(
  source: Readable,
  screen: Screen,
  onAux: (aux: unknown) => void = () => {},
): Promise<void> {
  const painter = screen.isTTY ? new TerminalPainter(screen) : new PlainPainter(screen);
  for await (const record of jsonRecords<ProgressRecord>(source, 'progress')) {
    const problem = record.errorDetail?.message ?? record.error;
    if (problem !== undefined) throw new EngineError('system', problem);
    if (record.aux !== undefined) onAux(record.aux);
    else painter.paint(record);
  }
}

/** Lines that stay: bars would only fill a log. */
class PlainPainter {
  readonly #screen: Screen;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  paint(record: ProgressRecord): void {
    if (record.stream !== undefined) this.#screen.write(record.stream);
    else if (!record.progressDetail || progressBar(record.progressDetail, 0, 0) === '') {
      this.#screen.write(`${prefix(record)}${record.status ?? ''}\n`);
    }
  }
}

/** Keeps the row of every ID, counted from the first; the cursor rests below the last. */
class TerminalPainter {
  readonly #screen: Screen;
  #rows = new Map<string, number>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  paint(record: ProgressRecord): void {
    if (record.stream !== undefined) {
      this.#rows.clear();
      this.#screen.write(record.stream);
      return;
    }
    if (record.id === undefined || !record.progressDetail) {
      // Something else has been printed below: what comes later starts a new block.
      this.#rows.clear();
      this.#screen.write(`${this.#fit(prefix(record) + (record.status ?? ''))}\n`);
      return;
    }
    this.#redraw(record.id, this.#line(record, record.progressDetail));
  }

  #line(record: ProgressRecord, detail: NonNullable<ProgressRecord['progressDetail']>): string {
    const columns = this.#screen.columns ?? 80;
    return this.#fit(`${prefix(record)}${record.status ?? ''} ${progressBar(detail, columns, Date.now())}`);
  }

  #redraw(id: string, line: string): void {
    const known = this.#rows.get(id);
    const row = known ?? this.#rows.size;
    this.#rows.set(id, row);
    const below = this.#rows.size - row;
    this.#screen.write(`${known === undefined ? '\n' : ''}\x1b[${below}A\r\x1b[2K${line}\r\x1b[${below}B`);
  }

  /** A line that wrapped would shift all rows below it. */
  #fit(text: string): string {
    return text.trimEnd().slice(0, Math.max(1, (this.#screen.columns ?? 80) - 1));
  }
}

function prefix({ id }: ProgressRecord): string {
  return id ? `${id}: ` : '';
}
