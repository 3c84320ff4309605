import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TarEntry } from './tar-entry.ts';
import { headerSum } from './tar-header.ts';
import { TarReader } from './tar-reader.ts';

interface Raw {
  name?: string;
  typeflag?: string;
  mode?: string;
  uid?: string | Buffer;
  size?: string | Buffer;
  mtime?: string | Buffer;
  linkname?: string;
  magic?: string;
  prefix?: string;
  major?: string;
  minor?: string;
  patch?: (block: Buffer) => void;
}

/** A header block spelled field by field, with the right checksum. */
function header(raw: Raw): Buffer {
  const block = Buffer.alloc(512);
  const put = (value: string | Buffer, at: number): void => {
    Buffer.from(value).copy(block, at);
  };
  put(raw.name ?? 'f', 0);
  put(raw.mode ?? '0000644', 100);
  put(raw.uid ?? '0000000', 108);
  put('0000000', 116);
  put(raw.size ?? '00000000000', 124);
  put(raw.mtime ?? '00000000000', 136);
  put(raw.typeflag ?? '0', 156);
  put(raw.linkname ?? '', 157);
  put(raw.magic ?? 'ustar\x0000', 257);
  put(raw.major ?? '', 329);
  put(raw.minor ?? '', 337);
  put(raw.prefix ?? '', 345);
  raw.patch?.(block);
  put(headerSum(block, 0).toString(8).padStart(6, '0') + '\0 ', 148);
  return block;
}

function octal(value: number): string {
  return value.toString(8).padStart(11, '0');
}

function padded(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

function file(raw: Raw, body: string | Buffer): Buffer {
  return Buffer.concat([header({ ...raw, size: octal(Buffer.from(body).length) }), padded(body)]);
}

function pax(records: readonly (readonly [string, string | Buffer])[], typeflag = 'x'): Buffer {
  const body = Buffer.concat(
    records.map(([key, value]) => {
      const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')]);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
  return file({ name: 'PaxHeaders/f', typeflag }, body);
}

const END = Buffer.alloc(1024);

interface Read {
  entry: TarEntry;
  data: Buffer;
}

/** Reads in pieces of `step` bytes. */
function read(archive: Buffer, step = archive.length): Read[] {
  const found: { entry: TarEntry; data: Buffer; ended: boolean }[] = [];
  const reader = new TarReader({
    entry: (entry) => found.push({ entry, data: Buffer.alloc(Math.min(entry.size, 1 << 20)), ended: false }),
    data: (bytes, offset) => {
      bytes.copy(found.at(-1)?.data ?? assert.fail('data before an entry'), offset);
    },
    end: () => {
      const last = found.at(-1) ?? assert.fail('end before an entry');
      assert.equal(last.ended, false);
      last.ended = true;
    },
  });
  for (let at = 0; at < archive.length; at += step) reader.push(archive.subarray(at, at + step));
  reader.finish();
  assert.ok(found.every((each) => each.ended));
  return found;
}

function only(archive: Buffer): Read {
  const members = read(archive);
  assert.equal(members.length, 1);
  assert.deepEqual(read(archive, 1), members, 'the same whatever the pieces');
  assert.deepEqual(read(archive, 700), members);
  return members[0] ?? assert.fail();
}

const base256 = (value: bigint, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let rest = BigInt.asUintN(length * 8, value);
  for (let i = length - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn);
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes;
};

describe('headers', () => {
  const rows: { name: string; in: Buffer; want: Partial<TarEntry> }[] = [
    {
      name: 'ustar with prefix',
      in: header({
        name: 'b',
        prefix: 'a/deep',
        mode: '0104755',
        uid: '0001750',
        mtime: octal(1_700_000_000),
      }),
      want: { name: 'a/deep/b', mode: 0o4755, uid: 1000, mtime: { sec: 1_700_000_000, nsec: 0 } },
    },
    {
      name: 'GNU magic has no prefix',
      in: header({ name: 'b', prefix: 'junk', magic: 'ustar  \0' }),
      want: { name: 'b' },
    },
    {
      name: 'star keeps times behind a shorter prefix',
      in: header({
        name: 'b',
        prefix: 'p',
        patch: (block) => {
          block.write('00000000001 00000000002', 476);
          block.write('tar\0', 508);
        },
      }),
      want: { name: 'p/b' },
    },
    {
      name: 'V7: a trailing slash makes a directory',
      in: header({ name: 'd/', typeflag: '\0', magic: '' }),
      want: { name: 'd/', type: 'directory' },
    },
    { name: 'contiguous file', in: header({ typeflag: '7' }), want: { type: 'file' } },
    {
      name: 'names of 100 bytes have no NUL',
      in: header({ name: 'n'.repeat(100) }),
      want: { name: 'n'.repeat(100) },
    },
    { name: 'bytes that are not UTF-8', in: header({ name: 'x' }), want: { name: 'x' } },
    { name: 'blanks around numbers', in: header({ mode: '  644 \0' }), want: { mode: 0o644 } },
    { name: 'base-256 uid', in: header({ uid: base256(4_000_000_000n, 8) }), want: { uid: 4_000_000_000 } },
    {
      name: 'base-256 negative time',
      in: header({ mtime: base256(-86_400n, 12) }),
      want: { mtime: { sec: -86_400, nsec: 0 } },
    },
    {
      name: 'device',
      in: header({ typeflag: '3', major: '0000010', minor: '0000377' }),
      want: { type: 'char', major: 8, minor: 255 },
    },
    { name: 'fifo', in: header({ typeflag: '6' }), want: { type: 'fifo' } },
    {
      name: 'a link has no data whatever its size',
      in: header({ typeflag: '1', linkname: 'a', size: octal(77) }),
      want: { type: 'hardlink', linkname: 'a', size: 0 },
    },
    {
      name: 'signed checksum',
      in: (() => {
        const block = header({ name: 'é' });
        block.write((headerSum(block, 0) - 512).toString(8).padStart(6, '0') + '\0 ', 148);
        return block;
      })(),
      want: { name: 'é' },
    },
  ];
  for (const row of rows) {
    test(row.name, () => {
      const { entry } = only(Buffer.concat([row.in, END]));
      assert.deepEqual({ ...entry, ...row.want }, entry);
    });
  }

  test('raw bytes in a name survive', () => {
    const block = header({ patch: (bytes) => Buffer.from([0x61, 0xff, 0x62]).copy(bytes, 0) });
    assert.equal(only(Buffer.concat([block, END])).entry.name, 'a\udcffb');
  });
});

describe('extended headers', () => {
  test('PAX records replace fields', () => {
    const { entry, data } = only(
      Buffer.concat([
        pax([
          ['path', 'ünï/' + 'x'.repeat(300)],
          ['size', '3'],
          ['uid', '3000000'],
          ['mtime', '-1.25'],
          ['atime', '12.000000001999'],
          ['SCHILY.xattr.user.a', Buffer.from([0, 10, 255])],
          ['LIBARCHIVE.xattr.user.b%3D', 'AAEC'],
          ['SCHILY.xattr.user.both', 'exact'],
          ['LIBARCHIVE.xattr.user.both', 'b3RoZXI='],
        ]),
        header({ size: octal(3) }),
        padded('abc'),
        END,
      ]),
    );
    assert.equal(entry.name, 'ünï/' + 'x'.repeat(300));
    assert.equal(data.toString(), 'abc');
    assert.equal(entry.uid, 3_000_000);
    assert.deepEqual(entry.mtime, { sec: -2, nsec: 750_000_000 });
    assert.deepEqual(entry.atime, { sec: 12, nsec: 1 });
    assert.deepEqual(
      entry.xattrs.map(({ name, value }) => [name, Buffer.from(value).toString('latin1')]),
      [
        ['user.a', '\0\n\xff'],
        ['user.b=', '\0\x01\x02'],
        ['user.both', 'exact'],
      ],
    );
  });

  test('a size beyond 8 GiB comes from a PAX record', () => {
    const reader = new TarReader({
      entry: (entry) => assert.equal(entry.size, 2 ** 40),
      data() {},
      end() {},
    });
    reader.push(Buffer.concat([pax([['size', String(2 ** 40)]]), header({})]));
    assert.throws(() => reader.finish(), /cut off/);
  });
});

describe('extended headers of other kinds', () => {
  test('global records hold until a member or another global header says otherwise', () => {
    const members = read(
      Buffer.concat([
        pax(
          [
            ['uid', '7'],
            ['mtime', '5.5'],
            ['comment', 'hi'],
          ],
          'g',
        ),
        header({ name: 'a' }),
        pax([['uid', '8']]),
        header({ name: 'b' }),
        pax([['uid', '']], 'g'),
        header({ name: 'c', uid: '0000011' }),
        END,
      ]),
    );
    assert.deepEqual(
      members.map(({ entry }) => [entry.name, entry.uid, entry.mtime.sec]),
      [
        ['a', 7, 5],
        ['b', 8, 5],
        ['c', 9, 5],
      ],
    );
  });

  test('GNU long name and link', () => {
    const long = 'd/'.repeat(120) + 'f';
    const { entry } = only(
      Buffer.concat([
        file({ name: '././@LongLink', typeflag: 'L' }, long + '\0'),
        file({ name: '././@LongLink', typeflag: 'K' }, long + '2\0'),
        header({ name: 'd/d/', typeflag: '2', linkname: 'd' }),
        END,
      ]),
    );
    assert.equal(entry.name, long);
    assert.equal(entry.linkname, long + '2');
  });

  test('a volume label is passed over', () => {
    assert.equal(
      only(Buffer.concat([header({ name: 'VOLUME', typeflag: 'V' }), header({ name: 'a' }), END])).entry.name,
      'a',
    );
  });
});

describe('sparse files', () => {
  const want = Buffer.concat([
    Buffer.alloc(4),
    Buffer.from('abc'),
    Buffer.alloc(3),
    Buffer.from('de'),
    Buffer.alloc(8),
  ]);
  const rows: { name: string; in: Buffer }[] = [
    {
      name: 'GNU 0.0',
      in: Buffer.concat([
        pax([
          ['GNU.sparse.size', '20'],
          ['GNU.sparse.numblocks', '2'],
          ['GNU.sparse.offset', '4'],
          ['GNU.sparse.numbytes', '3'],
          ['GNU.sparse.offset', '10'],
          ['GNU.sparse.numbytes', '2'],
        ]),
        file({ name: 's' }, 'abcde'),
      ]),
    },
    {
      name: 'GNU 0.1',
      in: Buffer.concat([
        pax([
          ['GNU.sparse.size', '20'],
          ['GNU.sparse.map', '4,3,10,2,20,0'],
          ['GNU.sparse.name', 's'],
        ]),
        file({ name: 'GNUSparseFile.1/s' }, 'abcde'),
      ]),
    },
    {
      name: 'GNU 1.0',
      in: Buffer.concat([
        pax([
          ['GNU.sparse.major', '1'],
          ['GNU.sparse.minor', '0'],
          ['GNU.sparse.name', 's'],
          ['GNU.sparse.realsize', '20'],
        ]),
        file(
          { name: 'GNUSparseFile.1/s' },
          Buffer.concat([padded('2\n4\n3\n10\n2\n'), Buffer.from('abcde')]),
        ),
      ]),
    },
    {
      name: 'old GNU with a continuation block',
      in: Buffer.concat([
        header({
          name: 's',
          typeflag: 'S',
          magic: 'ustar  \0',
          size: octal(5),
          patch: (block) => {
            const extents = [4, 1, 5, 1, 6, 1, 7, 0];
            extents.forEach((value, i) => {
              block.write(octal(value), 386 + i * 12);
            });
            block[482] = 1;
            block.write(octal(20), 483);
          },
        }),
        (() => {
          const block = Buffer.alloc(512);
          block.write(octal(10), 0);
          block.write(octal(2), 12);
          return block;
        })(),
        padded('abcde'),
      ]),
    },
  ];
  for (const row of rows) {
    test(row.name, () => {
      const { entry, data } = only(Buffer.concat([row.in, END]));
      assert.equal(entry.name, 's');
      assert.equal(entry.size, 20);
      assert.deepEqual(data, want);
    });
  }
});

const sparseFile = (map: string, size = '20'): Buffer =>
  Buffer.concat([
    pax([
      ['GNU.sparse.size', size],
      ['GNU.sparse.map', map],
    ]),
    file({ name: 's' }, 'abcde'),
  ]);
const refusals: { name: string; in: Buffer; want: RegExp }[] = [
  {
    name: 'no tar at all',
    in: Buffer.alloc(600, 'hello'),
    want: /at byte 0: the checksum of a header is wrong/,
  },
  { name: 'cut in a header', in: header({}).subarray(0, 300), want: /ends in the middle of a header/ },
  { name: 'cut in data', in: header({ name: 'big', size: octal(5000) }), want: /"big".*cut off/ },
  { name: 'cut after an extended header', in: pax([['uid', '1']]), want: /middle of a header/ },
  {
    name: 'extended header without a member',
    in: Buffer.concat([pax([['uid', '1']]), END]),
    want: /belongs to no member/,
  },
  {
    name: 'member after the end',
    in: Buffer.concat([Buffer.alloc(512), header({})]),
    want: /follows the end/,
  },
  {
    name: 'huge extended header',
    in: header({ typeflag: 'x', size: octal(1 << 21) }),
    want: /extended header of 2097152 bytes is refused/,
  },
  { name: 'huge long name', in: header({ typeflag: 'L', size: octal(1 << 21) }), want: /is refused/ },
  {
    name: 'endless global headers',
    in: Buffer.concat(Array.from({ length: 3 }, () => pax([['comment', 'x'.repeat(400_000)]], 'g'))),
    want: /global headers of more than/,
  },
  { name: 'global path', in: pax([['path', 'x']], 'g'), want: /global header must not set "path"/ },
  {
    name: 'name too long',
    in: Buffer.concat([pax([['path', 'x'.repeat(5000)]]), header({})]),
    want: /more than 4096/,
  },
  {
    name: 'name with NUL',
    in: Buffer.concat([pax([['path', 'a\0b']]), header({})]),
    want: /path holds a NUL/,
  },
  { name: 'no name', in: header({ name: '\0' }), want: /without a name/ },
  {
    name: 'unknown type',
    in: header({ name: 'odd', typeflag: 'Q' }),
    want: /"odd".*unknown member type "Q"/,
  },
  { name: 'multi-volume', in: header({ typeflag: 'M' }), want: /unknown member type "M"/ },
  { name: 'bad number', in: header({ name: 'n', uid: '12x4567' }), want: /"n".*bad uid/ },
  { name: 'negative size', in: header({ name: 'n', size: base256(-1n, 12) }), want: /"n".*bad size/ },
  {
    name: 'size beyond 2^53',
    in: header({ name: 'n', size: base256(1n << 60n, 12) }),
    want: /"n".*bad size/,
  },
  {
    name: 'record length 0',
    in: Buffer.concat([file({ typeflag: 'x' }, '0 a=b\n'), header({})]),
    want: /malformed extended header record/,
  },
  {
    name: 'record too long',
    in: Buffer.concat([file({ typeflag: 'x' }, '99 a=b\n'), header({})]),
    want: /malformed/,
  },
  {
    name: 'record without =',
    in: Buffer.concat([file({ typeflag: 'x' }, '6 abc\n'), header({})]),
    want: /malformed/,
  },
  {
    name: 'bad time',
    in: Buffer.concat([pax([['mtime', '1e9']]), header({})]),
    want: /mtime: "1e9" is not a time/,
  },
  { name: 'overlapping extents', in: sparseFile('0,3,2,2'), want: /overlaps/ },
  { name: 'extent beyond the file', in: sparseFile('0,3,19,2'), want: /leaves the file/ },
  { name: 'extents of the wrong sum', in: sparseFile('0,3'), want: /hold 3 bytes, the member 5/ },
  { name: 'odd map', in: sparseFile('0,3,4'), want: /odd number/ },
  { name: 'endless map', in: sparseFile('0,0,'.repeat(200_000)), want: /more than 131072 extents/ },
  {
    name: 'lying 1.0 count',
    in: Buffer.concat([
      pax([
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
      ]),
      file({ name: 's' }, padded('999999999\n')),
    ]),
    want: /more than 131072 extents/,
  },
  {
    name: '1.0 map longer than the member',
    in: Buffer.concat([
      pax([
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
      ]),
      file({ name: 's' }, '2\n'.padEnd(512, '\n')),
      header({ name: 'next' }),
    ]),
    want: /"s"/,
  },
];

describe('refused, naming what and where', () => {
  for (const row of refusals) {
    test(row.name, () => {
      for (const step of [row.in.length, 512, 100]) {
        assert.throws(
          () => read(row.in, step),
          (error: unknown) => {
            assert.ok(error instanceof Error);
            assert.match(error.message, row.want);
            assert.equal('kind' in error && error.kind, 'invalid');
            return true;
          },
        );
      }
    });
  }
});

test('damaged archives end with an answer or `invalid`, soon', () => {
  const whole = Buffer.concat([
    pax([
      ['path', 'dir/file'],
      ['SCHILY.xattr.user.a', 'v'],
      ['mtime', '1.5'],
    ]),
    file({ name: 'f' }, 'hello'),
    pax([
      ['GNU.sparse.major', '1'],
      ['GNU.sparse.minor', '0'],
      ['GNU.sparse.realsize', '20'],
    ]),
    file({ name: 's' }, Buffer.concat([padded('2\n4\n3\n10\n2\n'), Buffer.from('abcde')])),
    file({ name: '././@LongLink', typeflag: 'L' }, 'x'.repeat(200)),
    header({ typeflag: '2', linkname: 'y' }),
    END,
  ]);
  let seed = 12345;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  const repair = (bytes: Buffer): void => {
    for (let at = 0; at < bytes.length; at += 512) {
      if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
      bytes.write(headerSum(bytes, at).toString(8).padStart(6, '0') + '\0 ', at + 148, 'latin1');
    }
  };
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(whole);
    for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] = random(256);
    if (round % 2 === 0) repair(bytes);
    try {
      read(bytes.subarray(0, round % 7 === 0 ? random(bytes.length) : bytes.length), 1 + random(2000));
    } catch (error) {
      refused++;
      assert.equal(error instanceof Error && 'kind' in error && error.kind, 'invalid', String(error));
    }
  }
  assert.ok(refused > 300, `only ${refused} refused`);
});
