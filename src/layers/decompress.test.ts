import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../formats/digest.ts';
import { decompress } from './decompress.ts';
import { unzstd } from './unpack/zstd.ts';

const text = Buffer.from(Array.from({ length: 400 }, (_, i) => `line ${i} of the layer\n`).join(''));

/** {@link text} by `zstd -19 --check`, and `tail` by `zstd -1 --no-check`. */
const FRAME = Buffer.from(
  'KLUv/QRo7AcABlQpFpCp0Gr7LXh9rbm7KIhEdvcOT11vAAIuACQAGgBVVVVVVUREREREMzMzMzMiIiIiIv8PcVY00gCQILAQYGAQIFAwDCAYDgaBgwKD//9/eHh4eHh4eHh4OMYYY4wxhhBCCCGEEHd3d3d3ZmZmZmYBtdZaa621UkoppZRSOuecc845p5RSSimllAHjOI7jOI7jKIqiKIqiKIr33nvvvfdaa6211lobgMioEQD6/TvQU3URIAT/ET+Fpv2+3/f7fr/v9/2+38e/6d3d5O5tanc2sfuarXe/7/f9vt/v+32/7/f1alL3NKU7mtD9TOduZmZp12it0a4zWBxAqn0FAObYJAqwWwMkiRIAkqkKJQAqABoAQqFQKBQKhULh7u7u7q6qqqqqajAYDAaDwWAwCAQCgUAgEAgEBmdmejwej0ej0Wg0Go1Go7FYLBaLxWKxWCQSiUQikUgkEofD4XA4HA6Hw3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3cBd3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3F4DIqBAQP+D3MxH8IwT+BslybeBgE6uWefw+b55n',
  'base64',
);
const TAIL = Buffer.from('KLUv/QBIIQAAdGFpbA==', 'base64');
const SKIPPABLE = Buffer.from(
  '522a4d1805000000junk!'.replace('junk!', Buffer.from('junk!').toString('hex')),
  'hex',
);

async function* pieces(bytes: Buffer, step: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

/** The bytes as a string, or a summary when they are many. */
async function collect(source: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return summary(Buffer.concat(chunks));
}

function summary(bytes: Buffer | string): string {
  return bytes.length < 100 ? bytes.toString() : `${bytes.length} bytes, ${digestOf(bytes)}`;
}

const gz = gzipSync(text);
const rows: { name: string; in: Buffer; want: string }[] = [
  { name: 'nothing', in: Buffer.alloc(0), want: '' },
  { name: 'plain', in: text, want: summary(text) },
  { name: 'shorter than a magic number', in: Buffer.from('abc'), want: 'abc' },
  { name: 'gzip', in: gz, want: summary(text) },
  {
    name: 'gzip members',
    in: Buffer.concat([gz, gzipSync('more'), gzipSync('')]),
    want: summary(`${text}more`),
  },
  { name: 'gzip with zeros behind', in: Buffer.concat([gz, Buffer.alloc(600)]), want: summary(text) },
  { name: 'zstd', in: FRAME, want: summary(text) },
  {
    name: 'zstd frames',
    in: Buffer.concat([SKIPPABLE, FRAME, SKIPPABLE, TAIL, FRAME]),
    want: summary(`${text}tail${text}`),
  },
];

for (const row of rows) {
  test(`${row.name}, in pieces of any size`, async () => {
    for (const step of [1, 7, 1000, 1 << 20]) {
      assert.equal(await collect(decompress(pieces(row.in, step))), row.want, `pieces of ${step}`);
    }
  });
}

test('the decoder for Nodes without zstd gives the same', async () => {
  const frames = Buffer.concat([SKIPPABLE, FRAME, TAIL]);
  for (const step of [1, 50, 4096])
    assert.equal(await collect(unzstd(pieces(frames, step))), summary(`${text}tail`));
});

const largeWindow = Buffer.from(FRAME);
largeWindow[4] = 0x00;
largeWindow[5] = 0xf8;

const refused: { name: string; in: Buffer; kind: string; message: RegExp }[] = [
  { name: 'bzip2', in: Buffer.from('BZh91AY&SY'), kind: 'not-implemented', message: /compressed with bzip2/ },
  {
    name: 'xz',
    in: Buffer.from('fd377a585a0000', 'hex'),
    kind: 'not-implemented',
    message: /compressed with xz/,
  },
  { name: 'cut gzip', in: gz.subarray(0, 100), kind: 'invalid', message: /damaged gzip data/ },
  {
    name: 'damaged gzip',
    in: Buffer.concat([gz.subarray(0, 20), Buffer.alloc(50, 7)]),
    kind: 'invalid',
    message: /gzip/,
  },
  {
    name: 'garbage behind gzip',
    in: Buffer.concat([gz, Buffer.from('garbage')]),
    kind: 'invalid',
    message: /gzip/,
  },
  { name: 'cut zstd', in: FRAME.subarray(0, 60), kind: 'invalid', message: /zstd/ },
  {
    name: 'garbage behind zstd',
    in: Buffer.concat([FRAME, Buffer.from('garbage')]),
    kind: 'invalid',
    message: /zstd/,
  },
];

for (const row of refused) {
  test(`refused: ${row.name}`, async () => {
    await assert.rejects(collect(decompress(pieces(row.in, 64))), { kind: row.kind, message: row.message });
  });
}

test('a zstd window that would take gigabytes is refused before a byte is allocated', async () => {
  await assert.rejects(collect(unzstd(pieces(largeWindow, 64))), {
    kind: 'invalid',
    message: /window of more than/,
  });
});

test('an error of the source comes through as it is', async () => {
  const failing = async function* (): AsyncGenerator<Buffer> {
    yield gz.subarray(0, 50);
    throw new Error('connection lost');
  };
  await assert.rejects(collect(decompress(failing())), /connection lost/);
});

test('damaged zstd frames end with an answer or `invalid`, soon', async () => {
  for (let round = 0; round < 600; round++) {
    const bytes = Buffer.from(FRAME);
    bytes[(round * 7) % bytes.length] = (round * 131) % 256;
    await collect(unzstd(pieces(bytes, 33))).catch((error: unknown) => {
      assert.equal(error instanceof Error && 'kind' in error && error.kind, 'invalid', String(error));
    });
  }
});
