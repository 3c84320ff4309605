import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'src');

function filesBelow(dir: string): string[] {
  return readdirSync(join(SRC, dir), { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Every bucket that is declared, with the file that declares it. */
function declaredBuckets(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of filesBelow('').filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    const text = readFileSync(join(SRC, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/: Bucket<[^=]*> = \{\s*name: '([^']+)'/g))
      found.set(name, file);
  }
  return found;
}

test('the schema’s drawing names every bucket and where it is declared, and nothing else', () => {
  const text = readFileSync(join(SRC, 'store/schema.ts'), 'utf8');
  const drawn = [...text.matchAll(/[├└]─ (\w+) .* (\S+\.ts)$/gm)].map(([, name, file]) => [name, file]);
  assert.deepEqual(new Map(drawn.sort() as [string, string][]), new Map([...declaredBuckets()].sort()));
});

test('docs/architecture.md lists the same buckets', () => {
  const docs = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
  const section = /## Metadata[\s\S]*?```\n([\s\S]*?)```/.exec(docs)?.[1] ?? '';
  const listed = section.split('\n').flatMap((line) => /^(\w+) /.exec(line)?.[1] ?? []);
  assert.deepEqual(listed.sort(), [...declaredBuckets().keys()].sort());
});
