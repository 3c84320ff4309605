import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** The command line, built for a test file. */
export interface BuiltCli {
  /** Run it with `node PROGRAM …`. */
  program: string;
  remove(): void;
}

/** Builds the command line from source into a directory of its own. */
export async function buildCli(): Promise<BuiltCli> {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-cli-'));
  const program = join(dir, 'cli.cjs');
  await build({
    entryPoints: [resolve(import.meta.dirname, '../../src/cli.ts')],
    outfile: program,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    logLevel: 'warning',
  });
  return { program, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
