/** cgroup v2 limits, devices, freezer and AppArmor on Debian's cloud kernel. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyboxTar } from '../support/images.ts';
import { createMachine, vmUnavailable } from '../support/vm.ts';

test('cgroup v2 and AppArmor', { skip: vmUnavailable() ?? false }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-vm-'));
  try {
    const machine = await createMachine(dir, { 'images/busybox.tar': busyboxTar() });
    const boot = machine.boot('limits', machine.dataDisk('data', 512));
    let checks = 0;
    let exit: string | undefined;
    const other: string[] = [];
    for await (const line of boot.lines) {
      const [, verdict, name = '', message] = /VM (ok|not ok) ([^:]*)(?:: (.*))?$/.exec(line) ?? [];
      exit = /VM exit (\d+)/.exec(line)?.[1] ?? exit;
      if (verdict === undefined) {
        other.push(line);
        continue;
      }
      checks++;
      await t.test(name, () => assert.equal(verdict, 'ok', message));
    }
    assert.equal(exit, '0', other.join('\n'));
    assert.ok(checks > 15, `only ${checks} checks ran:\n${other.join('\n')}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
