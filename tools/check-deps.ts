/**
 * Architecture as a check: imports go strictly leftwards along `RANKS`; folders of one rank never import each other; a
 * folder's subfolders are private to it; there are no cycles; node built-ins that reach the host are confined to the
 * folders in `BUILTINS`. Prints the offending import. Run by `npm run check` and by a test.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Lowest first. A folder may import from any earlier group. */
export const RANKS: readonly (readonly string[])[] = [
  ['base'],
  ['formats'],
  ['wire'],
  ['kernel'],
  ['store'],
  ['content', 'snapshots', 'layers', 'distribution', 'volumes', 'network', 'runtime'],
  ['images', 'containers', 'build'],
  ['engine'],
  ['api'],
  ['daemon.ts'],
];

/** What a folder may import beyond its rank, or instead of it. The client side never meets kernel or engine. */
const ONLY: Record<string, readonly string[]> = {
  client: ['base', 'formats', 'wire'],
  cli: ['base', 'formats', 'wire', 'client'],
  'cli.ts': ['base', 'formats', 'wire', 'client', 'cli'],
};

/** Built-ins with a list of folders that may use them; the reason stands beside it. */
const BUILTINS: Record<string, { folders: readonly string[]; why: string }> = {
  'node:child_process': {
    folders: ['kernel', 'cli', 'cli.ts', 'distribution', 'client'],
    why: 'helper programs: the shim, credential helpers, ssh',
  },
  koffi: { folders: ['kernel'], why: 'kernel/ is the only door to the kernel' },
  lmdb: { folders: ['store'], why: 'store/ owns the metadata' },
};

export interface Violation {
  file: string;
  imports: string;
  reason: string;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function sources(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

function importsOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

function allowed(from: string): Set<string> {
  const only = ONLY[from];
  if (only) return new Set([...only, from]);
  const rank = RANKS.findIndex((group) => group.includes(from));
  return new Set([...RANKS.slice(0, rank).flat(), from]);
}

function judge(src: string, file: string, specifier: string): Violation | undefined {
  const from = relative(src, file).split('/')[0] ?? '';
  const at = { file: relative(src, file), imports: specifier };
  const builtin = BUILTINS[specifier];
  if (builtin && !builtin.folders.includes(from)) {
    return { ...at, reason: `only ${builtin.folders.join(', ')} may use it (${builtin.why})` };
  }
  if (!specifier.startsWith('.')) return undefined;
  const [target = '', ...rest] = relative(src, resolve(dirname(file), specifier)).split('/');
  if (!allowed(from).has(target)) return { ...at, reason: `${from} must not import ${target}` };
  if (target !== from && rest.length > 1)
    return { ...at, reason: `${target}/${rest[0]} is private to ${target}` };
  return undefined;
}

function findCycle(graph: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (done.has(file)) return undefined;
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}

/** All violations below `src`; empty when the architecture holds. */
export function checkDeps(src: string): Violation[] {
  const files = sources(src);
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const imports = importsOf(file);
    for (const specifier of imports) {
      const violation = judge(src, file, specifier);
      if (violation) violations.push(violation);
    }
    graph.set(
      file,
      imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => resolve(dirname(file), specifier)),
    );
  }
  const cycle = findCycle(graph);
  if (cycle) {
    const chain = cycle.map((file) => relative(src, file));
    violations.push({ file: chain[0] ?? '', imports: chain.join(' → '), reason: 'import cycle' });
  }
  return violations;
}

if (process.argv[1] === import.meta.filename) {
  const violations = checkDeps(resolve(import.meta.dirname, '../src'));
  for (const violation of violations) {
    console.error(`src/${violation.file}: imports ${violation.imports}: ${violation.reason}`);
  }
  process.exit(violations.length === 0 ? 0 : 1);
}
