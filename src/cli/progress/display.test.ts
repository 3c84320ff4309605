import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { ProgressRecord } from '../../wire/progress.ts';
import { progressBar } from './bar.ts';
import { type Screen, showProgress } from './display.ts';

const PULL: readonly ProgressRecord[] = [
  { status: 'Pulling from library/busybox', id: 'latest' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'aaa' },
  { status: 'Pulling fs layer', progressDetail: {}, id: 'bbb' },
  { status: 'Downloading', progressDetail: { current: 500_000, total: 2_000_000 }, id: 'aaa' },
  { status: 'Pull complete', progressDetail: {}, id: 'bbb' },
  { status: 'Pull complete', progressDetail: {}, id: 'aaa' },
  { status: 'Digest: sha256:123' },
  { status: 'Status: Downloaded newer image for busybox:latest' },
];

/** Plays what is written on a screen: lines, `\r`, cursor up and down, erase line. */
function play(output: string, rows = 20): string[] {
  const lines: string[] = Array.from({ length: rows }, () => '');
  let row = 0;
  let column = 0;
  for (const [, count, command, char] of output.matchAll(/\x1b\[(\d*)([A-K])|([^\x1b])/g)) {
    if (command === 'A') row -= Number(count || 1);
    else if (command === 'B') row += Number(count || 1);
    else if (command === 'K') lines[row] = '';
    else if (char === '\n') {
      row++;
      column = 0;
    } else if (char === '\r') column = 0;
    else if (char !== undefined) {
      const line = lines[row] ?? '';
      lines[row] = line.slice(0, column) + char + line.slice(column + 1);
      column++;
    }
  }
  return lines.filter((line) => line !== '');
}

async function show(records: readonly ProgressRecord[], screen: Omit<Screen, 'write'>): Promise<string> {
  let output = '';
  const source = Readable.from(records.map((record) => Buffer.from(`${JSON.stringify(record)}\r\n`)));
  await showProgress(source, { ...screen, write: (text) => (output += text) });
  return output;
}

test('on a terminal every layer keeps its line', async () => {
  const wide = { isTTY: true, columns: 120 };
  assert.deepEqual(play(await show(PULL.slice(0, 4), wide)), [
    'latest: Pulling from library/busybox',
    'aaa: Downloading [============>                                      ]    500kB/2MB',
    'bbb: Pulling fs layer',
  ]);
  assert.deepEqual(play(await show(PULL, wide)), [
    'latest: Pulling from library/busybox',
    'aaa: Pull complete',
    'bbb: Pull complete',
    'Digest: sha256:123',
    'Status: Downloaded newer image for busybox:latest',
  ]);
});

test('lines never wrap on a narrow terminal', async () => {
  const output = await show(PULL, { isTTY: true, columns: 30 });
  assert.ok(play(output).every((line) => line.length < 30));
  assert.match(output, /aaa: Downloading {3,4}500kB\/2/);
});

test('elsewhere there is a line per change of state, and no bar', async () => {
  assert.equal(
    await show(PULL, {}),
    `latest: Pulling from library/busybox
aaa: Pulling fs layer
bbb: Pulling fs layer
bbb: Pull complete
aaa: Pull complete
Digest: sha256:123
Status: Downloaded newer image for busybox:latest
`,
  );
});

test("the daemon's error ends it", async () => {
  const failing = [...PULL.slice(0, 2), { error: 'short', errorDetail: { message: 'no space left' } }];
  await assert.rejects(show(failing, {}), { message: 'no space left' });
});

test('text of a stream is passed on, results for machines are not shown', async () => {
  const seen: unknown[] = [];
  let output = '';
  const records = [{ stream: 'Loaded image: busybox\n' }, { aux: { ID: 'x' } }];
  const source = Readable.from(records.map((record) => Buffer.from(JSON.stringify(record) + '\n')));
  await showProgress(source, { write: (text) => (output += text) }, (aux) => seen.push(aux));
  assert.deepEqual([output, seen], ['Loaded image: busybox\n', [{ ID: 'x' }]]);
});

test('bars', () => {
  const rows: [detail: Parameters<typeof progressBar>[0], columns: number, want: string][] = [
    [{}, 200, ''],
    [{ current: 1 }, 200, '      1B'],
    [{ current: 20, total: 100 }, 200, '[==========>                                        ]      20B/100B'],
    [{ current: 20, total: 100 }, 60, '     20B/100B'],
    [{ current: 150, total: 100 }, 200, '[==================================================>]     150B'],
    [{ current: 1, total: 2, units: 'files' }, 60, '       1/2 files'],
    [
      { current: 50, total: 100, hidecounts: true },
      200,
      '[=========================>                         ] ',
    ],
  ];
  for (const [detail, columns, want] of rows) assert.equal(progressBar(detail, columns, 0), want);
  assert.match(progressBar({ current: 50, total: 100, start: 1 }, 60, 11_000), / 10 seconds$/);
});
