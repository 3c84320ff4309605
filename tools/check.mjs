// The gate: format and lint, types, dependency direction, unit tests. Stops at nothing, reports all, fails if any failed.
import { spawnSync } from 'node:child_process';
import { root } from './files.mjs';

const steps = [
  ['format and lint', 'npx', ['biome', 'check', '--error-on-warnings', '.']],
  ['types', 'npx', ['tsc']],
  ['dependency direction', process.execPath, ['--import', 'tsx', 'tools/check-deps.ts']],
  ['unit tests', process.execPath, ['tools/unit-tests.mjs']],
];

let failed = 0;
for (const [name, command, args] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: false });
  console.log(
    `${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
