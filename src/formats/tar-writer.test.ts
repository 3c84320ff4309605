import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TarEntry } from './tar-entry.ts';
import { readTar, type TarInput, writeTar } from './tar-stream.ts';
import { tarHeader } from './tar-writer.ts';

const plain: TarEntry = {
  name: 'f',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: { sec: 1_700_000_000, nsec: 0 },
  linkname: '',
  major: 0,
  minor: 0,
  xattrs: [],
  uname: '',
  gname: '',
};

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inPieces(bytes: Buffer, step: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

const rows: { name: string; in: Partial<TarEntry>; blocks: number }[] = [
  { name: 'plain', in: {}, blocks: 1 },
  { name: '100 bytes of name', in: { name: 'n'.repeat(100) }, blocks: 1 },
  { name: 'name in two fields', in: { name: 'p'.repeat(150) + '/' + 'n'.repeat(100) }, blocks: 1 },
  { name: 'long name without a slash', in: { name: 'n'.repeat(101) }, blocks: 3 },
  { name: 'long directory name', in: { name: 'n'.repeat(120) + '/', type: 'directory' }, blocks: 3 },
  { name: 'name beyond both fields', in: { name: 'd/'.repeat(400) + 'f' }, blocks: 4 },
  { name: 'non-ASCII name', in: { name: 'grün' }, blocks: 3 },
  { name: 'raw bytes', in: { name: 'a\udcffb' }, blocks: 3 },
  { name: 'setuid', in: { mode: 0o6755, uid: 0o7777777, gid: 3 }, blocks: 1 },
  { name: 'large ids', in: { uid: 4_294_967_294, gid: 2_097_152 }, blocks: 3 },
  { name: 'nanoseconds', in: { mtime: { sec: 5, nsec: 1 } }, blocks: 3 },
  { name: 'before the epoch', in: { mtime: { sec: -1, nsec: 999_999_999 } }, blocks: 3 },
  { name: 'long before the epoch', in: { mtime: { sec: -2_000_000, nsec: 0 } }, blocks: 3 },
  { name: 'access time', in: { atime: { sec: 7, nsec: 500_000_000 } }, blocks: 3 },
  { name: 'symbolic link', in: { type: 'symlink', linkname: '../x' }, blocks: 1 },
  { name: 'long hard link', in: { type: 'hardlink', linkname: 'l'.repeat(200) }, blocks: 3 },
  { name: 'device', in: { type: 'block', major: 4095, minor: 1_048_575 }, blocks: 1 },
  { name: 'fifo', in: { type: 'fifo' }, blocks: 1 },
  { name: 'names of owners', in: { uname: 'root', gname: 'grüppe' }, blocks: 3 },
  {
    name: 'extended attributes',
    in: {
      xattrs: [
        { name: 'security.capability', value: Buffer.from([1, 0, 10, 255]) },
        { name: 'user.a=b', value: Buffer.from('v') },
        { name: 'user.empty', value: Buffer.alloc(0) },
      ],
    },
    blocks: 3,
  },
];

test('what is written is read back, and is the same bytes every time', async () => {
  for (const row of rows) {
    const entry = { ...plain, ...row.in };
    const header = tarHeader(entry);
    assert.equal(header.length, row.blocks * 512, row.name);
    assert.deepEqual(tarHeader(structuredClone(entry)), header);
    const members = [];
    for await (const member of readTar(writeTar([{ entry }]))) members.push(member.entry);
    const [found] = members;
    const xattrs = (list: TarEntry['xattrs'] = []): unknown[] =>
      list.map(({ name, value }) => [name, Buffer.from(value).toString('hex')]).sort();
    assert.deepEqual({ ...found, xattrs: xattrs(found?.xattrs) }, { ...entry, xattrs: xattrs(entry.xattrs) });
  }
});

test('a whole archive with data, in pieces, some of it left unread', async () => {
  const inputs: TarInput[] = [
    { entry: { ...plain, name: 'a', size: 5 }, data: [Buffer.from('he'), Buffer.from('llo')] },
    { entry: { ...plain, name: 'skipped', size: 3000 }, data: [Buffer.alloc(3000)] },
    { entry: { ...plain, name: 'b', size: 1024 }, data: [Buffer.alloc(1024, 'b')] },
  ];
  const archive = await collect(writeTar(inputs));
  assert.equal(archive.length % 512, 0);
  const found: [string, string][] = [];
  for await (const { entry, data } of readTar(inPieces(archive, 333))) {
    if (entry.name === 'skipped') for await (const _ of data) break;
    else found.push([entry.name, (await collect(data)).toString()]);
  }
  assert.deepEqual(found, [
    ['a', 'hello'],
    ['b', 'b'.repeat(1024)],
  ]);
});

test('holes are read as zeros', async () => {
  const archive = Buffer.concat([
    tarHeader({ ...plain, name: 'x', size: 5 }),
    Buffer.from('hello'.padEnd(512, '\0')),
    Buffer.alloc(1024),
  ]);
  // The old GNU format: type S, extents from 386 on, real size at 483.
  archive.write('S', 156);
  archive.write('ustar  \0', 257);
  archive.fill(0, 345, 512);
  archive.write('00000200000\x0000000000005\0', 386);
  archive.write('00000300000\0', 483);
  archive.write('        ', 148);
  let sum = 0;
  for (const byte of archive.subarray(0, 512)) sum += byte;
  archive.write(sum.toString(8).padStart(6, '0') + '\0 ', 148);
  for await (const { entry, data } of readTar(inPieces(archive, 512))) {
    const bytes = await collect(data);
    assert.equal(entry.size, 0o300000);
    assert.equal(bytes.length, 0o300000);
    assert.equal(bytes.subarray(0o200000, 0o200005).toString(), 'hello');
    assert.equal(bytes.filter((byte) => byte !== 0).length, 5);
  }
});

test('a file that grew or shrank while it was read is an error', async () => {
  for (const length of [4, 6]) {
    const input = { entry: { ...plain, name: 'log', size: 5 }, data: [Buffer.alloc(length)] };
    await assert.rejects(collect(writeTar([input])), /"log" has (more|fewer) than its 5 bytes/);
  }
});

test('a broken archive ends the iteration, also in the middle of data', async () => {
  const archive = (
    await collect(writeTar([{ entry: { ...plain, size: 2000 }, data: [Buffer.alloc(2000)] }]))
  ).subarray(0, 1500);
  await assert.rejects(
    (async () => {
      for await (const { data } of readTar(inPieces(archive, 100))) for await (const _ of data);
    })(),
    { kind: 'invalid' },
  );
});
