import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPath, own } from '../../src/kernel/fd.ts';
import { statFilesystem } from '../../src/kernel/filesystem.ts';
import { spreadSubdirectories } from '../../src/kernel/inode-flags.ts';

test('a directory on ext4 is told to spread what is in it; others know nothing of that', () => {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-flags-'));
  try {
    using opened = own(openPath(dir, 0));
    const isExt = statFilesystem(opened.fd).name === 'extfs';
    assert.equal(spreadSubdirectories(opened.fd), isExt);
    assert.equal(spreadSubdirectories(opened.fd), isExt, 'twice is once');
    if (isExt)
      assert.match(execFileSync('lsattr', ['-d', dir], { encoding: 'utf8' }).split(' ')[0] ?? '', /T/);
  } finally {
    rmSync(dir, { recursive: true });
  }
  using proc = own(openPath('/proc', 0));
  assert.equal(spreadSubdirectories(proc.fd), false);
});
