import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkDeps, checkListings } from './check-deps.ts';

function withTree(files: Record<string, string>, run: (src: string) => void): void {
  const src = mkdtempSync(join(tmpdir(), 'gantry-deps-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(src, name)), { recursive: true });
      writeFileSync(join(src, name), text);
    }
    run(src);
  } finally {
    rmSync(src, { recursive: true });
  }
}

const rows = [
  {
    name: 'leftwards is fine',
    files: { 'engine/a.ts': "import { b } from '../base/b.ts';", 'base/b.ts': '' },
    want: undefined,
  },
  {
    name: 'rightwards',
    files: { 'base/a.ts': "import { b } from '../engine/b.ts';", 'engine/b.ts': '' },
    want: /must not import/,
  },
  {
    name: 'siblings',
    files: { 'images/a.ts': "import '../containers/b.ts';", 'containers/b.ts': '' },
    want: /must not import/,
  },
  {
    name: 'private folder',
    files: { 'engine/a.ts': "import '../runtime/x/b.ts';", 'runtime/x/b.ts': '' },
    want: /is private/,
  },
  {
    name: 'client meets kernel',
    files: { 'cli/a.ts': "import '../kernel/b.ts';", 'kernel/b.ts': '' },
    want: /must not import/,
  },
  {
    name: 'built-in outside its folder',
    files: { 'engine/a.ts': "import 'node:child_process';" },
    want: /only kernel/,
  },
  {
    name: 'cycle',
    files: { 'base/a.ts': "import './b.ts';", 'base/b.ts': "import './a.ts';" },
    want: /cycle/,
  },
];

for (const row of rows) {
  test(`check-deps: ${row.name}`, () => {
    withTree(row.files, (src) => {
      const reasons = checkDeps(src).map((violation) => violation.reason);
      if (row.want === undefined) assert.deepEqual(reasons, []);
      else assert.match(reasons.join('\n'), row.want);
    });
  });
}

test('check-deps: the architecture holds', () => {
  assert.deepEqual(checkDeps(join(import.meta.dirname, '../src')), []);
});

const listings = [
  { name: 'recursive', text: 'readdirSync(dir, { recursive: true });', want: 1 },
  {
    name: 'recursive, over lines',
    text: "await readdir(join(dir, 'a'), {\n  withFileTypes: true,\n  recursive: true,\n})",
    want: 1,
  },
  { name: 'one directory', text: 'readdirSync(dir, { withFileTypes: true });', want: 0 },
  {
    name: 'recursive elsewhere',
    text: 'for (const a of readdirSync(b)) rmSync(a, { recursive: true });',
    want: 0,
  },
];
for (const { name, text, want } of listings) {
  test(`check-deps: listing: ${name}`, () => {
    withTree({ 'engine/a.test.ts': text, 'kernel/b.ts': text }, (src) => {
      assert.equal(checkListings(src).length, want);
    });
  });
}

test('check-deps: nobody lists directories through links', () => {
  for (const dir of ['src', 'test'])
    assert.deepEqual(checkListings(join(import.meta.dirname, '..', dir)), []);
});
