// `npm run test:vm`: the tests that need another kernel, under qemu: cgroup v2, AppArmor, power cuts.
import { spawnSync } from 'node:child_process';
import { build, ensureInstalled, filesBelow, root } from './files.mjs';

ensureInstalled();
build();
const { status } = spawnSync(
  process.execPath,
  [
    '--import',
    'tsx',
    '--test',
    '--test-concurrency=1',
    '--test-reporter=spec',
    ...filesBelow('test/vm', '.vm.ts'),
  ],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
