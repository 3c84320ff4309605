import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { NATIVE } from './lab.ts';

const REPORTS = join(NATIVE, 'build/asan');

function reports(): string[] {
  return readdirSync(REPORTS).filter((name) => name.startsWith('report'));
}

function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/** The failed tests of a report. */
function failures(tap: string): string {
  return tap
    .split(/^(?=# Subtest|ok|not ok)/m)
    .filter((part) => part.startsWith('not ok'))
    .join('');
}

// Inside the run that this test starts there is nothing to do.
if (process.env['GANTRY_SHIM'] === undefined) {
  test('the address and undefined-behaviour sanitizers find nothing in any of these tests', () => {
    execFileSync('make', ['-s', '-C', NATIVE, 'asan'], { stdio: 'inherit' });
    for (const name of reports()) rmSync(join(REPORTS, name));
    const files = readdirSync(import.meta.dirname)
      .filter((name) => name.endsWith('.test.ts') && name !== basename(import.meta.filename))
      .map((name) => join(import.meta.dirname, name));
    const run = spawnSync(process.execPath, ['--import', 'tsx', '--test', '--test-concurrency=1', ...files], {
      encoding: 'utf8',
      env: { ...process.env, GANTRY_SHIM: join(REPORTS, 'gantry-shim'), NODE_TEST_CONTEXT: undefined },
    });
    const found = reports().map((name) => readFileSync(join(REPORTS, name), 'utf8'));
    assert.equal(found.join('\n'), '');
    assert.equal(run.status, 0, failures(run.stdout));
    assert.match(run.stdout, /# pass \d{3}/);
  });

  test('fuzzing the decoder, the frames and the log for a while finds nothing', {
    skip: hasProgram('clang') ? false : 'clang is not installed',
  }, () => {
    const run = spawnSync('make', ['-s', '-C', NATIVE, 'fuzz', 'SECONDS=10'], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    assert.ok(existsSync(join(NATIVE, 'build/fuzz/corpus')));
  });
}
