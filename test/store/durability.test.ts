import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../src/base/log.ts';
import { openStore } from '../../src/store/open.ts';
import { NUMBERS, PAIRS } from './buckets.ts';

const WRITER = resolve(import.meta.dirname, 'writer.ts');

function writer(mode: string, path: string): string[] {
  return [process.execPath, '--import', 'tsx', WRITER, mode, path];
}

test('a write is acknowledged only after data and meta page are on disk', () => {
  const base = mkdtempSync(join(tmpdir(), 'gantry-durable-'));
  try {
    const trace = join(base, 'trace');
    const calls = 'trace=write,pwrite64,writev,pwritev,fdatasync,fsync,openat';
    execFileSync('strace', ['-f', '-y', '-o', trace, '-e', calls, ...writer('once', join(base, 'meta'))]);
    const lines = readFileSync(trace, 'utf8').split('\n');
    const begin = lines.findIndex((line) => line.includes('MARK begin'));
    const end = lines.findIndex((line) => line.includes('MARK acknowledged'));
    const between = lines.slice(begin, end).filter((line) => line.includes('data.mdb'));
    const data = between.findIndex((line) => /\b(p?writev?|pwrite64)\(/.test(line));
    const sync = between.findIndex((line) => /\bfdatasync\(.*data\.mdb/.test(line));
    const meta = between.findLastIndex((line) => /\bpwrite64\(/.test(line));
    assert.ok(begin >= 0 && end > begin, 'the marks are in the trace');
    assert.ok(data >= 0 && data < sync, `pages are written, then flushed:\n${between.join('\n')}`);
    assert.ok(meta > sync, `the page that makes them valid is written after that:\n${between.join('\n')}`);
    // The meta page goes through a descriptor on which every write waits for the disk.
    const descriptor = /pwrite64\((\d+)</.exec(between[meta] ?? '')?.[1];
    const opened = lines.filter((line) => line.includes('data.mdb') && line.includes(`= ${descriptor}<`));
    assert.match(opened.join('\n'), /O_DSYNC|O_SYNC/);
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('kill -9 loses nothing acknowledged and leaves no half of a transaction', async () => {
  const base = mkdtempSync(join(tmpdir(), 'gantry-durable-'));
  try {
    const path = join(base, 'meta');
    let last = 0;
    for (let round = 0; round < 4; round++) {
      const [command = '', ...args] = writer('forever', path);
      const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (data: Buffer) => {
        output += data.toString();
        if (output.length > 300 + round * 500) child.kill('SIGKILL');
      });
      await new Promise((done) => child.once('close', done));
      const acknowledged = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
      assert.ok(acknowledged > last, 'it got on');
      const store = await openStore(path, silentLog);
      const numbers = [...store.keys(NUMBERS)].map(Number).sort((a, b) => a - b);
      assert.deepEqual([...store.keys(PAIRS)].sort(), numbers.map(String).sort(), 'both halves or none');
      assert.ok((numbers.at(-1) ?? 0) >= acknowledged, `${acknowledged} was acknowledged`);
      assert.deepEqual(
        numbers,
        numbers.map((_, i) => i + 1),
        'no gap',
      );
      last = numbers.at(-1) ?? 0;
      await store.close();
    }
  } finally {
    rmSync(base, { recursive: true });
  }
});

test('a full disk fails the write, says so, and hurts nothing that was there', async () => {
  const base = mkdtempSync(join(tmpdir(), 'gantry-durable-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'gantry-test', base]);
  const path = join(base, 'meta');
  try {
    const store = await openStore(path, silentLog);
    try {
      await store.put(NUMBERS, 'before', 1);
      const fill = async (): Promise<void> => {
        for (let i = 0; i < 20; i++) {
          await store.transaction((tx) => {
            for (let n = 0; n < 1000; n++) tx.put(PAIRS, `${i}/${n}`, 'x'.repeat(200));
          });
        }
      };
      await assert.rejects(fill(), {
        kind: 'no-space',
        message: 'metadata: nothing was written: no space left on device',
      });
      assert.equal(store.get(NUMBERS, 'before'), 1);
      const kept = [...store.keys(PAIRS)];
      assert.ok(kept.length > 0, 'those that fitted are there');
      assert.equal(kept.length % 1000, 0, 'of the one that did not fit nothing is there');
      await store.transaction((tx) => {
        for (const key of kept) tx.delete(PAIRS, key);
      });
      await store.put(NUMBERS, 'after', 2);
    } finally {
      await store.close();
    }
    const again = await openStore(path, silentLog);
    const numbers = [...again.keys(NUMBERS)];
    const pairs = [...again.keys(PAIRS)];
    await again.close();
    assert.deepEqual(numbers, ['after', 'before']);
    assert.deepEqual(pairs, []);
  } finally {
    execFileSync('umount', [base]);
    rmSync(base, { recursive: true });
  }
});
