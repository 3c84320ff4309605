// Builds everything into dist/ and native/build/: the shim (make), the daemon, the command line and the worker threads
// (esbuild), and the starter image.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildCli } from './build-cli.mjs';
import { hasProgram, root } from './files.mjs';

const ENTRIES = ['daemon.ts', 'layers/unpack-worker.ts', 'kernel/overlay-worker.ts'];

rmSync(join(root, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: ENTRIES.map((name) => join(root, 'src', name)),
  outbase: join(root, 'src'),
  outdir: join(root, 'dist'),
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  external: ['koffi', 'lmdb'],
  sourcemap: true,
  minifySyntax: true,
  logLevel: 'warning',
});
await buildCli(join(root, 'dist'));

execFileSync('make', ['-s', '-C', join(root, 'native')], { stdio: 'inherit' });

const cc = hasProgram('musl-gcc') ? 'musl-gcc' : 'cc';
const flags = ['-static', '-Os', '-s', '-Wall', '-Wextra', '-Werror'];
execFileSync(cc, [...flags, '-o', join(root, 'dist/hello'), join(root, 'examples/hello/hello.c')], {
  stdio: 'inherit',
});
execFileSync(process.execPath, ['--import', 'tsx', join(root, 'tools/starter-image.ts')], {
  cwd: root,
  stdio: 'inherit',
});
