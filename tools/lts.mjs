// The newest long-term-support release of Node, from npm, to run a smaller lane of the tests with.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './files.mjs';

/** Node's newest long-term-support line. */
export const LTS_MAJOR = 26;

/** Path of that Node's binary; installed under .test/ the first time. Undefined where npm has no build for this machine. */
export function ltsNode() {
  const name = `node-linux-${process.arch}`;
  const home = join(root, '.test/lts');
  const binary = join(home, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(home, { recursive: true });
    try {
      execFileSync(
        'npm',
        ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', home, `${name}@${LTS_MAJOR}`],
        {
          cwd: home,
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      );
    } catch {
      return undefined;
    }
  }
  return existsSync(binary) ? binary : undefined;
}
