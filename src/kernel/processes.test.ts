import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProcessStat } from './processes.ts';

for (const name of ['sh', 'a b', ') R 1 (', '((', 'x\ny']) {
  test(`process stat: a program named ${JSON.stringify(name)}`, () => {
    // Fields 3 to 24; the start time is the 22nd.
    const line = `42 (${name}) S 7 2 2 0 -1 4194304 10 11 12 13 14 15 16 17 20 0 1 0 987654321012345678 1 2\n`;
    assert.deepEqual(parseProcessStat(line), { state: 'S', parent: 7, startTime: 987654321012345678n });
  });
}
