// `npm test`: installs, builds, prepares what the tests need, runs the gate and every test for real, and checks that
// nothing was left behind. `npm test -- --only PATTERN` runs the integration tests whose path contains PATTERN.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ensureInstalled, filesBelow, hasProgram, root } from './files.mjs';
import { leftovers } from './leftovers.mjs';
import { LTS_MAJOR, ltsNode } from './lts.mjs';

const PACKAGES = {
  'docker-registry': 'docker-registry',
  busybox: 'busybox-static',
  mmdebstrap: 'mmdebstrap',
  skopeo: 'skopeo',
  cc: 'gcc',
  make: 'make',
  docker: 'docker.io',
};

function prepare() {
  if (process.getuid?.() !== 0) {
    console.error('The tests run real containers and need root: run `sudo npm test`.');
    process.exit(1);
  }
  const missing = Object.entries(PACKAGES).filter(([program]) => !hasProgram(program));
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(([, name]) => name))];
  console.log(`Installing Debian packages the tests need: ${names.join(' ')} …`);
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status;
  apt('update');
  if (apt('install', '-y', '--no-install-recommends', ...names) !== 0) {
    console.error(`Could not install ${names.join(' ')}. Install them by hand and run npm test again.`);
    process.exit(1);
  }
}

/** The smaller lane: unit tests and the API's tests on the newest long-term-support Node. */
function ltsLane() {
  const node = ltsNode();
  if (node === undefined) {
    console.log('npm has no Node for this machine: the lane on the newest LTS is skipped');
    return 0;
  }
  const run = (...args) => spawnSync(node, args, { cwd: root, stdio: 'inherit' }).status === 0;
  const files = filesBelow('test/api', '.test.ts');
  const ok =
    run(join(root, 'tools/unit-tests.mjs')) &&
    run('--import', 'tsx', '--test', '--test-reporter=dot', ...files);
  console.log(`${ok ? 'ok    ' : 'FAILED'} on Node ${LTS_MAJOR}`);
  return ok ? 0 : 1;
}

/**
 * Runs the files one after another, so that none is measured by another's load. One that fails is run once more: when it
 * passes then, it is named as flaky, which is a bug to be found, and does not hide the others' verdict.
 */
function runTests(files) {
  const scratch = mkdtempSync(join(tmpdir(), 'gantry-test-'));
  chmodSync(scratch, 0o711); // some tests' processes are not root's and have to get through
  const env = { ...process.env, TMPDIR: scratch };
  const args = ['--import', 'tsx', '--test', '--test-timeout=600000', '--test-reporter=spec'];
  const passes = (file) =>
    spawnSync(process.execPath, [...args, file], { cwd: root, stdio: 'inherit', env }).status === 0;
  try {
    const failed = files.filter((file) => !passes(file));
    const broken = failed.filter((file) => !passes(file));
    for (const file of failed) {
      console.log(`${broken.includes(file) ? 'FAILED' : 'FLAKY '} ${file}`);
    }
    console.log(
      `${files.length - broken.length} of ${files.length} test files passed, ${failed.length - broken.length} of them at the second attempt`,
    );
    return broken.length;
  } finally {
    removeScratch(scratch);
  }
}

/** What lies behind a mount that a test left is somebody else's: it is named by the leftover check, not removed. */
function removeScratch(scratch) {
  if (readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${scratch}`)) return;
  rmSync(scratch, { recursive: true, force: true });
}

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : undefined;
ensureInstalled();
prepare();
console.log('Building …');
build();
let failed = 0;
if (only === undefined) {
  console.log('The gate (format, lint, types, dependencies, unit tests) …');
  failed +=
    spawnSync(process.execPath, [join(root, 'tools/check.mjs')], { cwd: root, stdio: 'inherit' }).status === 0
      ? 0
      : 1;
}
const before = leftovers();
const files = filesBelow('test', '.test.ts').filter((file) => only === undefined || file.includes(only));
if (files.length > 0) failed += runTests(files) === 0 ? 0 : 1;
if (only === undefined) failed += ltsLane();
const left = leftovers().filter((line) => !before.includes(line));
if (left.length > 0) {
  failed++;
  console.error(`The tests left behind:\n  ${left.join('\n  ')}`);
}
process.exit(failed === 0 ? 0 : 1);
