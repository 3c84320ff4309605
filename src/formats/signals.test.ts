import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSignal, signalName } from './signals.ts';

const rows: readonly [string, number][] = [
  ['9', 9],
  ['KILL', 9],
  ['SIGKILL', 9],
  ['sigterm', 15],
  ['IOT', 6],
  ['RTMIN', 34],
  ['SIGRTMIN+3', 37],
  ['rtmax-1', 63],
  ['64', 64],
];
for (const [text, number] of rows) {
  test(`signal ${text} is ${number}`, () => assert.equal(parseSignal(text), number));
}

for (const text of ['', '0', '65', '-9', '9 ', 'SIG', 'SIGSIGKILL', 'RTMIN-1', 'RTMIN+31', 'constructor']) {
  test(`signal ${JSON.stringify(text)} is refused in Docker's words`, () => {
    assert.throws(() => parseSignal(text), { kind: 'invalid', message: `invalid signal: ${text}` });
  });
}

test('every signal is named and its name read back', () => {
  for (let number = 1; number <= 64; number++) {
    assert.equal(parseSignal(signalName(number)), number);
  }
  assert.equal(signalName(6), 'SIGABRT');
  assert.equal(signalName(32), '32');
});
