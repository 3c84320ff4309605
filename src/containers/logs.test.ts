import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backgroundCtx } from '../base/ctx.ts';
import { formatNano } from './clock.ts';
import { type LogQuery, readLog } from './logs.ts';

const BASE = 1_700_000_000_000_000_000n;
const at = (second: number): bigint => BASE + BigInt(second) * 1_000_000_000n;

function line(n: number, text = `line ${n}\n`): string {
  return JSON.stringify({ log: text, stream: 'stdout', time: formatNano(at(n)) }) + '\n';
}

function lines(from: number, to: number): string {
  let text = '';
  for (let n = from; n <= to; n++) text += line(n);
  return text;
}

async function logIn(t: TestContext, files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gantry-logs-'));
  t.after(() => rm(dir, { recursive: true }));
  for (const [suffix, text] of Object.entries(files)) await writeFile(join(dir, `x-json.log${suffix}`), text);
  return join(dir, 'x-json.log');
}

async function collect(path: string, query: LogQuery): Promise<number[]> {
  const numbers: number[] = [];
  for await (const batch of readLog(backgroundCtx(), path, query)) {
    for (const { text } of batch) numbers.push(Number(text.slice(5)));
  }
  return numbers;
}

/** Reads on in the background; `until` waits for the line with that number. */
function follow(path: string, query: LogQuery): { done: Promise<number[]>; until(n: number): Promise<void> } {
  const numbers: number[] = [];
  const read = async (): Promise<number[]> => {
    for await (const batch of readLog(backgroundCtx(), path, query)) {
      for (const { text } of batch) numbers.push(Number(text.slice(5)));
    }
    return numbers;
  };
  return {
    done: read(),
    until: async (n) => {
      while (!numbers.includes(n)) await sleep(1);
    },
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

const THREE = { '.2': lines(1, 3), '.1': lines(4, 6), '': lines(7, 9) };
const reads: { name: string; files: Record<string, string>; query: LogQuery; want: number[] }[] = [
  { name: 'no log yet', files: {}, query: {}, want: [] },
  { name: 'an empty log', files: { '': '' }, query: { tail: 5 }, want: [] },
  { name: 'rotated files come first, oldest first', files: THREE, query: {}, want: range(1, 9) },
  {
    name: 'ten comes before nine',
    files: { '.10': lines(1, 1), '.9': lines(2, 2), '': lines(3, 3) },
    query: {},
    want: [1, 2, 3],
  },
  { name: 'tail within the newest', files: THREE, query: { tail: 2 }, want: [8, 9] },
  { name: 'tail of just the newest', files: THREE, query: { tail: 3 }, want: [7, 8, 9] },
  { name: 'tail over a rotation', files: THREE, query: { tail: 5 }, want: range(5, 9) },
  { name: 'tail of more than there is', files: THREE, query: { tail: 50 }, want: range(1, 9) },
  { name: 'tail of nothing', files: THREE, query: { tail: 0 }, want: [] },
  {
    name: 'tail with an empty newest file',
    files: { '.1': lines(1, 3), '': '' },
    query: { tail: 2 },
    want: [2, 3],
  },
  {
    name: 'tail of many blocks',
    files: { '': lines(1, 5000) },
    query: { tail: 2500 },
    want: range(2501, 5000),
  },
  { name: 'since', files: THREE, query: { since: at(8) }, want: [8, 9] },
  { name: 'until', files: THREE, query: { until: at(4) }, want: [1, 2, 3, 4] },
  { name: 'since chooses among the tail', files: THREE, query: { tail: 4, since: at(8) }, want: [8, 9] },
  {
    name: 'a torn line is skipped',
    files: { '': `${line(1)}{"log":"li\n${line(2)}` },
    query: {},
    want: [1, 2],
  },
  { name: 'a line without its end waits', files: { '': `${line(1)}{"log":"li` }, query: {}, want: [1] },
];

for (const { name, files, query, want } of reads) {
  test(`log: ${name}`, async (t) => assert.deepEqual(await collect(await logIn(t, files), query), want));
}

test('a follower sees what is appended, over rotations, and ends when the writer has ended', async (t) => {
  const path = await logIn(t, { '': lines(1, 3) });
  const ended = new AbortController();
  const reader = follow(path, { follow: ended.signal, tail: 1 });
  await reader.until(3);
  await appendFile(path, lines(4, 5));
  await rename(path, `${path}.1`);
  await writeFile(path, lines(6, 7));
  await reader.until(7);
  await appendFile(path, `${line(8).slice(0, 20)}`);
  await sleep(5);
  await appendFile(path, `${line(8).slice(20)}`);
  await reader.until(8);
  // Two rotations with no pause, the oldest file dropped.
  await unlink(`${path}.1`);
  await rename(path, `${path}.1`);
  await writeFile(path, lines(9, 10));
  await rename(`${path}.1`, `${path}.2`);
  await rename(path, `${path}.1`);
  await writeFile(path, lines(11, 12));
  ended.abort();
  assert.deepEqual(await reader.done, range(3, 12));
});

test('a fast writer with many rotations loses nothing that rotation kept', async (t) => {
  const path = await logIn(t, { '': '' });
  const ended = new AbortController();
  const seen = collect(path, { follow: ended.signal });
  let n = 0;
  for (let file = 0; file < 20; file++) {
    for (let i = 0; i < 20; i++) await appendFile(path, line(++n));
    for (let i = 18; i >= 1; i--) await rename(`${path}.${i}`, `${path}.${i + 1}`).catch(() => {});
    await rename(path, `${path}.1`);
    await writeFile(path, '');
  }
  ended.abort();
  assert.deepEqual(await seen, range(1, 400));
});

test('reading while files are being rotated sees all of them', async (t) => {
  const path = await logIn(t, { '': line(1) });
  let n = 1;
  let done = false;
  const writing = (async () => {
    for (let file = 1; file < 60; file++) {
      for (let i = file; i >= 1; i--) await rename(`${path}.${i}`, `${path}.${i + 1}`).catch(() => {});
      await rename(path, `${path}.1`);
      await writeFile(path, line(++n));
    }
    done = true;
  })();
  while (!done) {
    const numbers = await collect(path, {});
    assert.deepEqual(numbers, range(1, numbers.length));
  }
  await writing;
});

test('a follower of a log that is not there yet waits for it', async (t) => {
  const path = await logIn(t, {});
  const ended = new AbortController();
  const reader = follow(path, { follow: ended.signal });
  await sleep(5);
  await writeFile(path, line(1));
  await reader.until(1);
  ended.abort();
  assert.deepEqual(await reader.done, [1]);
});

test('reading stops where the live output begins, also when that file has been rotated meanwhile', async (t) => {
  const path = await logIn(t, THREE);
  const { ino, size } = await stat(`${path}.1`, { bigint: true });
  assert.deepEqual(
    await collect(path, { end: { inode: ino, size: size - BigInt(line(6).length) } }),
    range(1, 5),
  );
});

test('a follower stops at until and when its reader leaves', async (t) => {
  const path = await logIn(t, { '': lines(1, 3) });
  const ended = new AbortController();
  const following = follow(path, { follow: ended.signal, until: at(4) });
  await following.until(3);
  await appendFile(path, lines(4, 6));
  assert.deepEqual(await following.done, [1, 2, 3, 4]);

  const leaving = new AbortController();
  const ctx = { ...backgroundCtx(), signal: leaving.signal };
  const batches = readLog(ctx, path, { follow: ended.signal });
  await batches.next();
  const waiting = batches.next();
  leaving.abort();
  assert.equal((await waiting).done, true);
});
