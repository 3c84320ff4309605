/**
 * Architecture as a check: imports go strictly leftwards along `RANKS`; folders of one rank never import each other; a
 * folder's subfolders are private to it; there are no cycles; node built-ins that reach the host are confined to the
 * folders in `BUILTINS`. Nobody lists directories
 * through links. Prints the offending import. Run by `npm run check` and by a test.
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

/** TypeScript below `dir`, not led astray by links. */
function typescriptBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return typescriptBelow(path);
    return entry.isFile() && entry.name.endsWith('.ts') ? [path] : [];
  });
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
  const files = typescriptBelow(src).filter((file) => !file.endsWith('.test.ts'));
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

/** Listings of directories that go on through symbolic links, in the source files below `dir`, tests included. */
export function checkListings(dir: string): Violation[] {
  return typescriptBelow(dir)
    .filter(
      (file) => !relative(dir, file).startsWith('kernel/') && listsRecursively(readFileSync(file, 'utf8')),
    )
    .map((file) => ({
      file: relative(dir, file),
      imports: 'readdir',
      reason:
        'no { recursive: true }: it follows symbolic links on Node 20, out of the tree; ' +
        'list one directory with { withFileTypes: true } and go into the entries that are directories',
    }));
}

function listsRecursively(text: string): boolean {
  return [...text.matchAll(/\breaddir(?:Sync)?\(/g)].some(({ 0: call, index }) =>
    /\brecursive:\s*true\b/.test(argumentsAt(text, index + call.length)),
  );
}

/** What stands from `start` to the parenthesis that closes it. */
function argumentsAt(text: string, start: number): string {
  let depth = 1;
  let end = start;
  for (; end < text.length && depth > 0; end++) {
    if (text[end] === '(') depth++;
    else if (text[end] === ')') depth--;
  }
  return text.slice(start, end);
}

if (process.argv[1] === import.meta.filename) {
  const project = resolve(import.meta.dirname, '..');
  const violations = [
    ...checkDeps(join(project, 'src')).map((each) => ({ ...each, file: join('src', each.file) })),
    ...['src', 'test'].flatMap((dir) =>
      checkListings(join(project, dir)).map((each) => ({ ...each, file: join(dir, each.file) })),
    ),
  ];
  for (const { file, imports, reason } of violations) console.error(`${file}: ${imports}: ${reason}`);
  process.exit(violations.length === 0 ? 0 : 1);
}
