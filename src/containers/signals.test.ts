import assert from 'node:assert/strict';
import test from 'node:test';
import { isEngineError } from '../base/errors.ts';
import { parseSignal } from './signals.ts';

for (const [text, want] of [
  ['SIGTERM', 15],
  ['term', 15],
  ['sigKill', 9],
  ['9', 9],
  ['WINCH', 28],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['RTMAX-1', 63],
  ['64', 64],
] as const) {
  test(`signal ${text}`, () => assert.equal(parseSignal(text), want));
}

for (const bad of ['', '0', '65', '-9', 'SIGFOO', 'RTMIN+31', '9.5', 'TERM ']) {
  test(`no signal: ${JSON.stringify(bad)}`, () => {
    assert.throws(
      () => parseSignal(bad),
      (error) => isEngineError(error, 'invalid') && error.message === `invalid signal: ${bad}`,
    );
  });
}
