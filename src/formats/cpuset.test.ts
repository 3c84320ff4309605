import assert from 'node:assert/strict';
import test from 'node:test';
import { parseCpuset } from './cpuset.ts';

const rows: readonly [string, number[]][] = [
  ['', []],
  ['0', [0]],
  ['0-2', [0, 1, 2]],
  ['3,0-1\n', [0, 1, 3]],
  ['1,1', [1]],
];
for (const [text, want] of rows) {
  test(`cpuset ${JSON.stringify(text)}`, () => assert.deepEqual(parseCpuset(text, 'cpuset cpus'), want));
}

for (const text of ['a', '1-', '2-1', '-1', '1,,2', '0-99999', '9000', '0x1']) {
  test(`cpuset ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => parseCpuset(text, 'cpuset cpus'), {
      message: `invalid value ${text} for cpuset cpus`,
    });
  });
}
