import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignColumns } from './tabwriter.ts';

const rows = [
  {
    name: 'columns are as wide as their widest cell and the padding',
    in: 'ID\tNAME\tX\nabc\talongername\ty\n',
    style: { min: 5, padding: 3 },
    want: 'ID    NAME          X\nabc   alongername   y\n',
  },
  {
    name: 'a minimum width',
    in: 'A\tB\n1\t2',
    style: { min: 10, padding: 3 },
    want: 'A         B\n1         2',
  },
  {
    name: 'a line without the cell ends the column',
    in: 'a\tx\nnone\nlong cell\ty',
    style: { min: 0, padding: 1 },
    want: 'a x\nnone\nlong cell y',
  },
  {
    name: 'columns on the screen count, not bytes',
    in: 'é…\tb\nxxx\tc\n中文\td',
    style: { min: 0, padding: 1 },
    want: 'é…   b\nxxx  c\n中文 d',
  },
];

for (const row of rows) {
  test(row.name, () => assert.equal(alignColumns(row.in, row.style), row.want));
}
