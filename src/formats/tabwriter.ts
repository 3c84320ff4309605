import { textWidth } from './text-width.ts';

/** Widths in columns. `min` includes the padding. */
export interface TabStyle {
  min: number;
  padding: number;
}

/**
 * Aligns tab-terminated cells like Go's `text/tabwriter`: a column is a run of adjacent lines that all have a
 * tab-terminated cell there; text after a line's last tab belongs to no column.
 */
export function alignColumns(text: string, style: TabStyle): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const out: string[][] = lines.map(() => []);
  layOut(lines, out, 0, lines.length, 0, style);
  return out.map((cells, row) => cells.join('') + (lines[row]?.at(-1) ?? '')).join('\n');
}

function layOut(
  lines: readonly string[][],
  out: readonly string[][],
  from: number,
  to: number,
  column: number,
  style: TabStyle,
): void {
  let row = from;
  while (row < to) {
    if (!hasCell(lines, row, column)) {
      row++;
      continue;
    }
    const start = row;
    while (row < to && hasCell(lines, row, column)) row++;
    const width = columnWidth(lines.slice(start, row), column, style);
    for (let at = start; at < row; at++) {
      const cell = lines[at]?.[column] ?? '';
      out[at]?.push(cell + ' '.repeat(width - textWidth(cell)));
    }
    layOut(lines, out, start, row, column + 1, style);
  }
}

function hasCell(lines: readonly string[][], row: number, column: number): boolean {
  return (lines[row]?.length ?? 0) > column + 1;
}

function columnWidth(block: readonly string[][], column: number, style: TabStyle): number {
  const widths = block.map((cells) => textWidth(cells[column] ?? '') + style.padding);
  return Math.max(style.min, ...widths);
}
