/** `kill -9` of the daemon at random moments; GANTRY_CRASH_ROUNDS and GANTRY_CRASH_SEED choose how many and which. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { exec, startGantryd, type TestDaemon } from '../support/daemon.ts';
import { makeImage } from '../support/image.ts';
import { busyboxTar, debianTar } from '../support/images.ts';
import { startRegistry } from '../support/registry.ts';

const ROUNDS = Number(process.env['GANTRY_CRASH_ROUNDS'] ?? 8);
const SEED = Number(process.env['GANTRY_CRASH_SEED'] ?? Date.now() % 1e6);

/** Mulberry32: the seed is printed, so that a failure can be had again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

let daemon: TestDaemon;
const random = randomFrom(SEED);

before(async () => {
  daemon = await startGantryd();
  await exec('docker', ['-H', daemon.host, 'import', '-', 'box'], { input: readFileSync(busyboxTar()) });
});
after(() => daemon[Symbol.asyncDispose]());

const ok = async (...args: string[]): Promise<string> => {
  const { status, stdout, stderr } = await daemon.docker(...args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${stderr}\n${daemon.output()}`);
  return stdout.trim();
};

test(`a killed daemon finds its containers again (seed ${SEED})`, async () => {
  await ok(
    'run',
    '-d',
    '--net=none',
    '--name',
    'keeper',
    'box',
    'sh',
    '-c',
    'i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done',
  );
  const pid = await ok('inspect', '-f', '{{.State.Pid}}', 'keeper');
  await ok('run', '-d', '--net=none', '--name', 'ends', 'box', 'sh', '-c', 'sleep 1; exit 7');
  await daemon.kill9();
  await sleep(1500);
  await daemon.start();
  assert.equal(await ok('inspect', '-f', '{{.State.Pid}} {{.State.Status}}', 'keeper'), `${pid} running`);
  assert.equal(await ok('inspect', '-f', '{{.State.ExitCode}} {{.State.Status}}', 'ends'), '7 exited');
  assert.equal(await ok('wait', 'ends'), '7');
  assert.equal(await ok('exec', 'keeper', 'echo', 'inside'), 'inside');
  const lines = (await ok('logs', 'keeper')).split('\n');
  assert.deepEqual(
    lines,
    lines.map((_, i) => `line ${i}`),
  );
  assert.ok(lines.length > 12, 'it went on writing while no daemon was there');
  const follow = exec('docker', ['-H', daemon.host, 'logs', '-f', '--tail', '1', 'keeper']);
  await sleep(300);
  await ok('rm', '-f', 'keeper');
  assert.match((await follow).stdout, /line \d+\n/);
  await ok('rm', 'ends');
});

test(`run, exec and rm survive kills at random moments (seed ${SEED})`, async () => {
  await ok('run', '-d', '--net=none', '--name', 'witness', 'box', 'sleep', '1000');
  const witness = await ok('inspect', '-f', '{{.State.Pid}}', 'witness');
  for (let round = 0; round < ROUNDS; round++) {
    const busy = Promise.all([
      daemon.docker('run', '--rm', '--net=none', 'box', 'sh', '-c', 'exit 3'),
      daemon.docker(
        'run',
        '-d',
        '--net=none',
        '--name',
        `r${round}`,
        'box',
        'sh',
        '-c',
        'echo hello; exit 5',
      ),
      daemon.docker('exec', 'witness', 'true'),
      daemon.docker('rm', '-f', `r${round - 1}`),
    ]);
    await sleep(random() * 150);
    await daemon.kill9();
    await busy;
    await daemon.start();
    assert.equal(
      await ok('inspect', '-f', '{{.State.Pid}} {{.State.Status}}', 'witness'),
      `${witness} running`,
    );
    assert.equal(await ok('exec', 'witness', 'echo', 'alive'), 'alive');
    const states = JSON.parse(`[${(await ok('ps', '-a', '--format', 'json')).split('\n').join(',')}]`) as {
      Names: string;
      State: string;
    }[];
    for (const { Names, State } of states.filter((each) => each.Names === `r${round}`)) {
      assert.ok(['created', 'running', 'exited'].includes(State), `${Names} is ${State}`);
      if (State === 'created') continue;
      assert.equal(await ok('wait', Names), '5');
      assert.equal(await ok('logs', Names), 'hello');
    }
  }
  const all = (await ok('ps', '-aq')).split('\n').filter(Boolean);
  await ok('rm', '-f', ...all);
  await leavesNothing();
});

/** With every container removed only the image's layer is left. */
async function leavesNothing(): Promise<void> {
  const left = (dir: string): string[] => readdirSync(join(daemon.dataRoot, dir));
  for (let waited = 0; waited < 3000; waited += 100) {
    if (left('snapshots').filter((name) => /^\d/.test(name)).length <= 1) break;
    await sleep(100);
  }
  assert.equal(left('snapshots').filter((name) => /^\d/.test(name)).length, 1, left('snapshots').join(' '));
  assert.deepEqual(left('containers'), []);
  assert.deepEqual(readdirSync(join(daemon.execRoot, 'c')), []);
}

test(`an interrupted pull is taken up again (seed ${SEED})`, async () => {
  await using registry = await startRegistry();
  const layers = [debianTar(), busyboxTar()].map((tar) => readFileSync(tar));
  await registry.push(makeImage({ layers, config: { Cmd: ['bash'] } }), 'debian:latest');
  const reference = `${registry.domain}/debian:latest`;
  for (let round = 0; round < Math.max(3, ROUNDS / 2); round++) {
    const pull = daemon.docker('pull', '-q', reference);
    await sleep(50 + random() * 1500);
    await daemon.kill9();
    await pull;
    await daemon.start();
    const images = await ok('images', '-q', reference);
    if (images !== '') break;
  }
  await ok('pull', '-q', reference);
  assert.match(await ok('run', '--rm', '--net=none', reference, 'apt-get', '--version'), /^apt /);
  assert.deepEqual(readdirSync(join(daemon.dataRoot, 'content/ingest')), []);
  assert.deepEqual(
    readdirSync(join(daemon.dataRoot, 'snapshots')).filter((name) => name.endsWith('.tmp')),
    [],
  );
});
