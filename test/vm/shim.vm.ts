/** The shim on cgroup v2 and on Debian's kernel, which is older than what the build machines run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMachine, vmUnavailable } from '../support/vm.ts';

test('the shim in the test machine', { skip: vmUnavailable() ?? false }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-vm-'));
  try {
    const machine = await createMachine(dir);
    const boot = machine.boot('shim', machine.dataDisk('data', 64));
    const lines: string[] = [];
    for await (const line of boot.lines) lines.push(line);
    const verdicts = lines.flatMap((line) => {
      const [, verdict, name = ''] = /(✔|✖) (.+?) \S*\([\d.]+ms\)/.exec(line) ?? [];
      return verdict === undefined ? [] : [{ verdict, name }];
    });
    for (const { verdict, name } of verdicts) {
      await t.test(name, () => assert.equal(verdict, '✔', lines.join('\n')));
    }
    assert.ok(verdicts.length > 90, `only ${verdicts.length} tests ran:\n${lines.join('\n')}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
