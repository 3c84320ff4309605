// Small file helpers that the tools share; node built-ins only, so that they run before anything is installed.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..');

/** Paths of files below `dir` (relative to the project) that end in `suffix`, sorted; links are not followed. */
export function filesBelow(dir, suffix) {
  const base = join(root, dir);
  if (!existsSync(base)) return [];
  return readdirSync(base, { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isDirectory()) return filesBelow(join(dir, entry.name), suffix);
      return entry.isFile() && entry.name.endsWith(suffix) ? [join(base, entry.name)] : [];
    })
    .sort();
}

/** Installs the npm dependencies when they are missing or older than the lock file. */
export function ensureInstalled() {
  const marker = join(root, 'node_modules/.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing npm dependencies …');
  // Not `npm ci`: it insists on the packages of all platforms, of which the lock file need not tell.
  execFileSync('npm', ['install', '--no-save', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Builds dist/ and native/build/. */
export function build() {
  execFileSync(process.execPath, [join(root, 'tools/build.mjs')], { cwd: root, stdio: 'inherit' });
}

/** True when a program of that name is on the PATH. */
export function hasProgram(name) {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}
