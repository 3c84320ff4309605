// Runs all tests beside the sources. Each file has its own process; translated in one go they start several times as fast
// as when each process translates its imports.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { filesBelow, root } from './files.mjs';

/** Lets a file go on finding its neighbours from where it was written. */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (!path.startsWith(root) || path.includes('/node_modules/')) return undefined;
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.filename', JSON.stringify(path));
      return { contents, loader: 'ts' };
    });
  },
};

const files = [...filesBelow('src', '.test.ts'), ...filesBelow('tools', '.test.ts')];
// Inside the project, so that packages are found.
mkdirSync(join(root, '.test'), { recursive: true });
const out = mkdtempSync(join(root, '.test/unit-'));
try {
  await build({
    entryPoints: files,
    outbase: root,
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    sourcemap: true,
    plugins: [keepPlaces],
    logLevel: 'warning',
  });
  const bundles = files.map((file) => join(out, relative(root, file).replace(/\.ts$/, '.mjs')));
  const { status } = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', '--test-timeout=120000', '--test-reporter=dot', ...bundles],
    { cwd: root, stdio: 'inherit' },
  );
  process.exitCode = status === 0 ? 0 : 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
