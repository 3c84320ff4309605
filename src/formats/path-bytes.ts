/**
 * File names are bytes on Linux and strings here. Valid UTF-8 is itself; every byte that is not part of valid UTF-8 becomes
 * one lone surrogate U+DC80…U+DCFF (byte 0x80…0xFF), which no valid UTF-8 decodes to, so the way back is exact. (PEP 383
 * gives the same mapping.)
 */

const LONE_SURROGATE = /\p{Surrogate}/u;

/** True when `path` holds bytes that are not UTF-8, so that it cannot be handed on as an ordinary string. */
export function hasRawBytes(path: string): boolean {
  return LONE_SURROGATE.test(path);
}

/** Bytes → string; never fails. */
export function decodePath(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.includes('\ufffd') ? decodeSlowly(buffer) : text;
}

/** String → bytes: the inverse of {@link decodePath}. A lone surrogate outside U+DC80…U+DCFF becomes U+FFFD. */
export function encodePath(path: string): Buffer {
  if (!hasRawBytes(path)) return Buffer.from(path, 'utf8');
  const parts: Buffer[] = [];
  for (const char of path) {
    const code = char.length === 1 ? char.charCodeAt(0) : 0;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}

function decodeSlowly(bytes: Buffer): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? String.fromCharCode(0xdc00 + bytes.readUInt8(at))
        : bytes.toString('utf8', at, at + length);
    at += Math.max(length, 1);
  }
  return text;
}

/** Length of the valid UTF-8 sequence at `at`, 0 when there is none (Unicode 15, table 3-7). */
function sequenceLength(bytes: Buffer, at: number): number {
  const first = bytes.readUInt8(at);
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (at + length > bytes.length) return 0;
  const sequence = bytes.subarray(at, at + length);
  const decoded = sequence.toString('utf8');
  return Buffer.from(decoded, 'utf8').equals(sequence) ? length : 0;
}
