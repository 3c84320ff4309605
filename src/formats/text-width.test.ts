import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ellipsis, textWidth } from './text-width.ts';

test('columns of a text', () => {
  const rows: [text: string, columns: number][] = [
    ['', 0],
    ['abc', 3],
    ['é…', 2],
    ['中文', 4],
    ['ｶ', 1],
    ['ロボット', 8],
    ['🙂', 2],
  ];
  for (const [text, columns] of rows) assert.equal(textWidth(text), columns, text);
});

test('texts cut to columns', () => {
  const rows: [text: string, columns: number, want: string][] = [
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['中文字', 5, '中文…'],
    ['中文字', 4, '中…'],
    ['abc', 1, 'a'],
    ['abc', 0, ''],
  ];
  for (const [text, columns, want] of rows) assert.equal(ellipsis(text, columns), want);
});
