import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEngineError } from '../base/errors.ts';
import {
  type Attribute,
  attributeMap,
  bytes,
  decodeAttributes,
  decodeMessages,
  encodeAttributes,
  encodeMessage,
  nested,
  text,
  textOf,
  u8,
  u16,
  u32,
} from './netlink-codec.ts';

const ROWS: { name: string; in: Attribute[]; want: string }[] = [
  { name: 'nothing', in: [], want: '' },
  { name: 'u8 is padded', in: [u8(1, 0xab)], want: '05000100ab000000' },
  { name: 'u16', in: [u16(2, 0x1234)], want: '0600020034120000' },
  { name: 'u32 is not', in: [u32(3, 0xdeadbeef)], want: '08000300efbeadde' },
  { name: 'text ends in NUL', in: [text(4, 'lo')], want: '070004006c6f0000' },
  { name: 'bytes', in: [bytes(5, Buffer.from('0102030405', 'hex'))], want: '090005000102030405000000' },
  {
    name: 'nested',
    in: [nested(6, [u8(1, 1), u8(2, 2)]), u8(7, 3)],
    want: '1400068005000100010000000500020002000000' + '0500070003000000',
  },
  { name: 'an empty nest', in: [nested(6, [])], want: '04000680' },
];

for (const row of ROWS) {
  test(`netlink attributes: ${row.name}`, () => {
    const encoded = encodeAttributes(row.in);
    assert.equal(encoded.toString('hex'), row.want);
    assert.deepEqual(
      decodeAttributes(encoded).map(({ type }) => type),
      row.in.map(({ type }) => type),
    );
  });
}

test('netlink attributes: a length that overflows 16 bits is refused (CVE-2021-43784)', () => {
  const longest = bytes(1, Buffer.alloc(65531));
  assert.equal(encodeAttributes([longest]).length, 65536);
  const tooLong: Attribute[][] = [
    [bytes(1, Buffer.alloc(65532))],
    [bytes(1, Buffer.alloc(65536 + 8))],
    [nested(1, [longest])],
    [
      nested(
        1,
        Array.from({ length: 9000 }, () => u32(1, 1)),
      ),
    ],
  ];
  for (const attributes of tooLong) {
    assert.throws(
      () => encodeAttributes(attributes),
      (error) => isEngineError(error, 'invalid'),
    );
  }
});

test('netlink attributes: lengths that do not add up are refused', () => {
  for (const hex of ['0500', '03000100', '00000100', '090001000000', 'ffff0100']) {
    assert.throws(() => decodeAttributes(Buffer.from(hex, 'hex')), /impossible length/, hex);
  }
});

test('netlink messages: there and back', () => {
  const message = { type: 16, flags: 5, sequence: 7, payload: Buffer.from('abcde') };
  const encoded = encodeMessage(message);
  assert.equal(encoded.length, 24);
  assert.deepEqual(decodeMessages(Buffer.concat([encoded, encoded])), [message, message]);
});

test('netlink messages: lengths that do not add up are refused', () => {
  for (const length of [0, 15, 25, 0xffffffff]) {
    const datagram = Buffer.alloc(24);
    datagram.writeUInt32LE(length);
    assert.throws(() => decodeMessages(datagram), /impossible length/, String(length));
  }
  assert.throws(() => decodeMessages(Buffer.alloc(7)), /impossible length/);
});

test('netlink attributes: by type', () => {
  const map = attributeMap(encodeAttributes([text(3, 'eth0'), nested(18, [text(1, 'veth')])]));
  assert.equal(textOf(map.get(3) ?? Buffer.alloc(0)), 'eth0');
  assert.equal(textOf(attributeMap(map.get(18) ?? Buffer.alloc(0)).get(1) ?? Buffer.alloc(0)), 'veth');
});
