import { EngineError } from '../base/errors.ts';

/*
 * Netlink messages and attributes (netlink(7), include/uapi/linux/netlink.h): pure, in the machine's byte order, which is
 * little-endian on all we run on. Lengths are checked both ways: one that overflowed its 16 bits would turn the rest of the
 * payload into attributes of its own (CVE-2021-43784).
 */

const MESSAGE_HEADER = 16;
const ATTRIBUTE_HEADER = 4;
const NESTED = 0x8000;
/** The upper two bits are flags. */
const TYPE_MASK = 0x3fff;

/** An attribute to send: its type with bytes, or with attributes of its own. */
export interface Attribute {
  readonly type: number;
  readonly data: Uint8Array | readonly Attribute[];
}

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

export function u8(type: number, value: number): Attribute {
  return { type, data: Buffer.of(value) };
}

export function u16(type: number, value: number): Attribute {
  const data = Buffer.alloc(2);
  data.writeUInt16LE(value);
  return { type, data };
}

export function u32(type: number, value: number): Attribute {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return { type, data };
}

/** A string with its NUL. */
export function text(type: number, value: string): Attribute {
  return { type, data: Buffer.from(`${value}\0`) };
}

export function bytes(type: number, data: Uint8Array): Attribute {
  return { type, data };
}

export function nested(type: number, attributes: readonly Attribute[]): Attribute {
  return { type, data: attributes };
}

/** Attributes one after the other, each padded to 4 bytes. Throws `invalid` for one that is longer than its length can say. */
export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  return Buffer.concat(attributes.flatMap(encodeAttribute));
}

function encodeAttribute({ type, data }: Attribute): Buffer[] {
  const isNested = !(data instanceof Uint8Array);
  const payload = isNested ? encodeAttributes(data) : data;
  const length = ATTRIBUTE_HEADER + payload.length;
  if (length > 0xffff) {
    throw new EngineError(
      'invalid',
      `netlink attribute ${type} of ${payload.length} bytes does not fit 16 bits`,
    );
  }
  const header = Buffer.alloc(ATTRIBUTE_HEADER);
  header.writeUInt16LE(length, 0);
  header.writeUInt16LE(isNested ? type | NESTED : type, 2);
  return [header, Buffer.from(payload), Buffer.alloc(padding(length))];
}

/** A whole message. */
export function encodeMessage(message: Message): Buffer {
  const length = MESSAGE_HEADER + message.payload.length;
  const header = Buffer.alloc(MESSAGE_HEADER);
  header.writeUInt32LE(length, 0);
  header.writeUInt16LE(message.type, 4);
  header.writeUInt16LE(message.flags, 6);
  header.writeUInt32LE(message.sequence, 8);
  return Buffer.concat([header, message.payload, Buffer.alloc(padding(length))]);
}

/** The messages of one datagram. Throws `system` when lengths do not add up. */
export function decodeMessages(datagram: Buffer): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < datagram.length; ) {
    const length = datagram.length - at < MESSAGE_HEADER ? 0 : datagram.readUInt32LE(at);
    if (length < MESSAGE_HEADER || at + length > datagram.length) throw malformed('message', length, at);
    messages.push({
      type: datagram.readUInt16LE(at + 4),
      flags: datagram.readUInt16LE(at + 6),
      sequence: datagram.readUInt32LE(at + 8),
      payload: datagram.subarray(at + MESSAGE_HEADER, at + length),
    });
    at += length + padding(length);
  }
  return messages;
}

/** The attributes of a payload, flags taken off their types. Throws `system` when lengths do not add up. */
export function decodeAttributes(payload: Buffer): { type: number; data: Buffer }[] {
  const attributes: { type: number; data: Buffer }[] = [];
  for (let at = 0; at < payload.length; ) {
    const length = payload.length - at < ATTRIBUTE_HEADER ? 0 : payload.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || at + length > payload.length) throw malformed('attribute', length, at);
    const type = payload.readUInt16LE(at + 2) & TYPE_MASK;
    attributes.push({ type, data: payload.subarray(at + ATTRIBUTE_HEADER, at + length) });
    at += length + padding(length);
  }
  return attributes;
}

/** {@link decodeAttributes} by type, for payloads in which each occurs once. */
export function attributeMap(payload: Buffer): Map<number, Buffer> {
  return new Map(decodeAttributes(payload).map(({ type, data }) => [type, data]));
}

/** A string attribute up to its NUL. */
export function textOf(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('utf8', 0, end < 0 ? data.length : end);
}

function padding(length: number): number {
  return -length & 3;
}

function malformed(what: string, length: number, at: number): EngineError {
  return new EngineError('system', `netlink: ${what} at byte ${at} with impossible length ${length}`);
}
