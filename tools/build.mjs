// Builds everything: the shim (cc), the daemon, the command line and the workers (esbuild) into dist/.
import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const entries = ['daemon.ts', 'cli.ts', 'kernel/overlay-worker.ts', 'layers/unpack-worker.ts']
  .map((name) => `${root}/src/${name}`)
  .filter(existsSync);

rmSync(`${root}/dist`, { recursive: true, force: true });
await build({
  entryPoints: entries,
  outbase: `${root}/src`,
  outdir: `${root}/dist`,
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
if (existsSync(`${root}/native/Makefile`)) {
  execFileSync('make', ['-s', '-C', `${root}/native`], { stdio: 'inherit' });
}
