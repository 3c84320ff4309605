/** src/kernel on cgroup v2 and on Debian's kernel, which is older than what the build machines run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { createMachine, vmUnavailable } from '../support/vm.ts';

test('the kernel folder in the test machine', { skip: vmUnavailable() ?? false }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-vm-'));
  try {
    const worker = join(dir, 'overlay-worker.js');
    await build({
      entryPoints: [resolve(import.meta.dirname, '../../src/kernel/overlay-worker.ts')],
      outfile: worker,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20.19',
      external: ['koffi'],
    });
    const machine = await createMachine(dir, { 'guest/kernel/overlay-worker.js': worker });
    const boot = machine.boot('kernel', machine.dataDisk('data', 64));
    const lines: string[] = [];
    for await (const line of boot.lines) lines.push(line);
    const verdicts = lines.flatMap((line) => {
      const [, verdict, name = ''] = /(✔|✖) (.+?) \S*\([\d.]+ms\)/.exec(line) ?? [];
      return verdict === undefined ? [] : [{ verdict, name }];
    });
    for (const { verdict, name } of verdicts) {
      await t.test(name, () => assert.equal(verdict, '✔', lines.join('\n')));
    }
    assert.ok(verdicts.length > 20, `only ${verdicts.length} tests ran:\n${lines.join('\n')}`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
