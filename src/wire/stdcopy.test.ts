import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameDecoder, frameHeader, STDERR, STDOUT } from './stdcopy.ts';

const INPUT = Buffer.concat([
  frameHeader(STDOUT, 5),
  Buffer.from('hello'),
  frameHeader(STDERR, 0),
  frameHeader(STDERR, 3),
  Buffer.from('err'),
]);

for (const size of [1, 3, 8, 100]) {
  test(`frames cut into pieces of ${size} bytes come out whole`, () => {
    const decoder = new FrameDecoder();
    const got: Record<number, string> = {};
    for (let at = 0; at < INPUT.length; at += size) {
      for (const { stream, bytes } of decoder.push(INPUT.subarray(at, at + size))) {
        got[stream] = (got[stream] ?? '') + bytes.toString();
      }
    }
    assert.deepEqual(got, { [STDOUT]: 'hello', [STDERR]: 'err' });
    assert.equal(decoder.atBoundary, true);
  });
}

test('a stream number that does not exist is refused', () => {
  const input = Buffer.concat([Buffer.from([9, 0, 0, 0, 0, 0, 0, 1]), Buffer.from('x')]);
  assert.throws(() => [...new FrameDecoder().push(input)], { kind: 'invalid' });
});

test('a stream cut off within a frame is noticed', () => {
  const decoder = new FrameDecoder();
  assert.equal([...decoder.push(INPUT.subarray(0, 10))].length, 1);
  assert.equal(decoder.atBoundary, false);
});
