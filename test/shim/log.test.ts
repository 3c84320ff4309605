import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ctx, Lab, until } from './lab.ts';

const TIME = /,"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?Z)"\}$/;

/** What a container that prints these bytes has in its log, without the times. */
async function logOf(lab: Lab, bytes: Buffer): Promise<string[]> {
  writeFileSync(join(lab.base, 'etc/bytes'), bytes);
  const container = await lab.run([{ op: 'exec', argv: ['/bin/cat', '/etc/bytes'], env: [] }]);
  await container.wait();
  const text = readFileSync(container.logPath, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'));
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      assert.match(line, TIME);
      return line.replace(TIME, '');
    });
}

const entry = (log: string): string => `{"log":"${log}","stream":"stdout"`;

// What Go's encoding/json, with Docker's own writer in its place, makes of these bytes.
const rows: { name: string; in: string | Buffer; want: string[] }[] = [
  { name: 'nothing', in: '', want: [] },
  { name: 'a line', in: 'a\n', want: ['a\\n'] },
  { name: 'an unfinished line', in: 'a\nb', want: ['a\\n', 'b'] },
  { name: 'empty lines', in: '\n\n', want: ['\\n', '\\n'] },
  { name: 'quotes and backslashes', in: '"\\\n', want: ['\\"\\\\\\n'] },
  {
    name: 'control characters',
    in: '\x00\x01\t\r\x1b\x1f\x7f\n',
    want: ['\\u0000\\u0001\\u0009\\r\\u001b\\u001f\x7f\\n'],
  },
  { name: 'characters of HTML', in: '<&>\n', want: ['\\u003c\\u0026\\u003e\\n'] },
  {
    name: 'other scripts',
    in: 'é漢😀\u07ff\ud7ff\ue000\u{10ffff}\n',
    want: ['é漢😀\u07ff\ud7ff\ue000\u{10ffff}\\n'],
  },
  {
    name: 'line and paragraph separators',
    in: 'a\u2028b\u2029c\u2027\u202a\n',
    want: ['a\\u2028b\\u2029c\u2027\u202a\\n'],
  },
  {
    name: 'bytes that are not UTF-8',
    in: Buffer.from([0x61, 0xff, 0x80, 0xc3, 0x0a]),
    want: ['a\\ufffd\\ufffd\\ufffd\\n'],
  },
  {
    name: 'overlong forms',
    in: Buffer.from([0xc0, 0xaf, 0xe0, 0x80, 0xaf, 0x0a]),
    want: [`${'\\ufffd'.repeat(5)}\\n`],
  },
  { name: 'surrogates', in: Buffer.from([0xed, 0xa0, 0x80, 0x0a]), want: [`${'\\ufffd'.repeat(3)}\\n`] },
  {
    name: 'code points past the last',
    in: Buffer.from([0xf4, 0x90, 0x80, 0x80, 0x0a]),
    want: [`${'\\ufffd'.repeat(4)}\\n`],
  },
  { name: 'a sequence cut off at the end', in: Buffer.from([0xe6, 0xbc]), want: ['\\ufffd\\ufffd'] },
];

for (const row of rows) {
  test(`the log has ${row.name} as Docker writes it`, async () => {
    await using lab = new Lab();
    assert.deepEqual(await logOf(lab, Buffer.from(row.in)), row.want.map(entry));
  });
}

const lengths: { length: number; want: number[] }[] = [
  { length: 16383, want: [16384] },
  { length: 16384, want: [16384, 1] },
  { length: 16385, want: [16384, 2] },
  { length: 40000, want: [16384, 16384, 7233] },
];
for (const row of lengths) {
  test(`a line of ${row.length} bytes is logged in pieces of 16 KiB`, async () => {
    await using lab = new Lab();
    const entries = await logOf(lab, Buffer.from(`${'x'.repeat(row.length)}\nnext\n`));
    const logs = entries.map((line) => (JSON.parse(`${line}}`) as { log: string }).log);
    assert.deepEqual(
      logs.map((log) => log.length),
      [...row.want, 5],
    );
    assert.deepEqual(
      logs.map((log) => log.endsWith('\n')),
      [...row.want.slice(1).map(() => false), true, true],
    );
  });
}

test('the pieces of a line carry the time of the first', async () => {
  await using lab = new Lab();
  const container = await lab.run('head -c 20000 /dev/zero; sleep 0.05; echo; echo later');
  await container.wait();
  const times = readFileSync(container.logPath, 'utf8')
    .trim()
    .split('\n')
    .map((line) => TIME.exec(line)?.[1]);
  assert.equal(times.length, 3);
  assert.equal(times[0], times[1]);
  assert.notEqual(times[1], times[2]);
});

test('attributes are in every entry', async () => {
  await using lab = new Lab();
  const path = join(lab.dir, 'attrs.log');
  const container = await lab.run('echo a', { log: { path, maxSize: 0, maxFiles: 1, attrs: '{"tag":"t"}' } });
  await container.wait();
  assert.match(
    readFileSync(path, 'utf8'),
    /^\{"log":"a\\n","stream":"stdout","attrs":\{"tag":"t"\},"time":"[^"]+"\}\n$/,
  );
});

test('no log is written when none is wanted', async () => {
  await using lab = new Lab();
  const container = await lab.run('echo a', { log: null });
  await container.wait();
  assert.equal(existsSync(container.logPath), false);
});

const LINES = 'i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done';

test('the log is rotated when it has reached its size, and whole entries only', async () => {
  await using lab = new Lab();
  const path = join(lab.dir, 'rotated.log');
  const container = await lab.run(LINES, { log: { path, maxSize: 1000, maxFiles: 3 } });
  await container.wait();
  assert.deepEqual([path, `${path}.1`, `${path}.2`, `${path}.3`].map(existsSync), [true, true, true, false]);
  const numbers = [`${path}.2`, `${path}.1`, path].flatMap((file) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(/line (\d+)/.exec((JSON.parse(line) as { log: string }).log)?.[1])),
  );
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, i) => 100 - numbers.length + i),
  );
  for (const file of [`${path}.1`, `${path}.2`]) {
    const size = statSync(file).size;
    assert.ok(size >= 1000 && size < 1100, `${file}: ${size}`);
  }
});

test('with one file it starts afresh', async () => {
  await using lab = new Lab();
  const path = join(lab.dir, 'single.log');
  const container = await lab.run(LINES, { log: { path, maxSize: 1000, maxFiles: 1 } });
  await container.wait();
  assert.equal(existsSync(`${path}.1`), false);
  assert.ok(statSync(path).size < 1100);
  assert.match(readFileSync(path, 'utf8'), /line 99/);
});

test('a restarted container goes on in the same log', async () => {
  await using lab = new Lab();
  const log = { path: join(lab.dir, 'kept.log'), maxSize: 0, maxFiles: 1 };
  for (const word of ['one', 'two']) await (await lab.run(`echo ${word}`, { log })).wait();
  assert.deepEqual(
    readFileSync(log.path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { log: string }).log),
    ['one\n', 'two\n'],
  );
});

test('a full disk loses lines, counts them, and holds nobody up', async () => {
  await using lab = new Lab();
  const disk = join(lab.dir, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  try {
    const path = join(disk, 'full.log');
    const container = await lab.run(
      'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; echo up >&2; read x; echo after; exit 3',
      { log: { path, maxSize: 0, maxFiles: 1 }, stdin: true },
    );
    const state = () => container.shim.state(ctx);
    await until('it has printed all', async () => (await state()).lostLogLines > 1000n);
    const before = readFileSync(path, 'utf8');
    assert.ok(before.endsWith('}\n'), 'no half entry stays');
    for (const line of before.trim().split('\n')) JSON.parse(line);
    execFileSync('mount', ['-o', 'remount,size=1m', disk]);
    await container.shim.closeStdin(ctx);
    const record = await container.wait();
    assert.equal(record.exitCode, 3);
    const logged = readFileSync(path, 'utf8').trim().split('\n');
    assert.ok(logged.some((line) => line.includes('after')));
    assert.equal(logged.length + record.lostLogLines, 3002);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

test('a log on a device that is always full does no harm', async () => {
  await using lab = new Lab();
  const container = await lab.run('echo a; exit 3', { log: { path: '/dev/full', maxSize: 0, maxFiles: 1 } });
  const record = await container.wait();
  assert.deepEqual([record.exitCode, record.lostLogLines], [3, 1]);
});
