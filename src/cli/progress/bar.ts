import { humanDuration, humanSize } from '../../formats/units.ts';
import type { ProgressDetail } from '../../wire/progress.ts';

const BAR_WIDTH = 50;
/** Narrower terminals get the numbers only. */
const BAR_COLUMNS = 110;
const TIME_COLUMNS = 50;

/** `[====>    ]  1.2MB/3.4MB`; empty when nothing is known yet. */
export function progressBar(detail: ProgressDetail, columns: number, nowMs: number): string {
  const { current = 0, total = 0, start = 0, hidecounts = false } = detail;
  if (current <= 0 && total <= 0) return '';
  if (total <= 0) return amount(current, detail).padStart(8);
  const filled = Math.min(BAR_WIDTH, Math.trunc((current / total) * BAR_WIDTH));
  const bar = columns > BAR_COLUMNS ? `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] ` : '';
  const done = amount(current, detail).padStart(8);
  const numbers = current > total ? done : `${done}/${amount(total, detail)}`;
  const units = detail.units ? ` ${detail.units}` : '';
  const remaining = current > 0 && start > 0 && filled < BAR_WIDTH && columns > TIME_COLUMNS;
  const left = remaining ? ` ${humanDuration(((nowMs - start * 1000) / current) * (total - current))}` : '';
  return bar + (hidecounts ? '' : numbers + units) + left;
}

function amount(value: number, { units }: ProgressDetail): string {
  return units ? String(value) : humanSize(value);
}
