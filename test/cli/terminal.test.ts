import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { writeBusyboxTar } from '../support/busybox-tar.ts';
import { type BuiltCli, buildCli } from '../support/gantry-cli.ts';
import { runProgram } from '../support/run-program.ts';
import { noTmux, TmuxTerminal } from '../support/tmux.ts';
import { noServer, startServer, type TestServer } from './server.ts';

const skip = noServer() ?? noTmux() ?? false;
const dir = mkdtempSync(join(tmpdir(), 'gantry-terminal-'));
let daemon: TestServer;
let cli: BuiltCli;
let terminal: TmuxTerminal;

before(async () => {
  if (skip) return;
  [daemon, cli] = await Promise.all([startServer(), buildCli()]);
  writeBusyboxTar(join(dir, 'fs.tar'));
  await docker('import', '-c', 'ENV PATH=/bin', join(dir, 'fs.tar'), 'busybox');
});

after(async () => {
  cli?.remove();
  await daemon?.stop();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  if (skip) return;
  terminal = new TmuxTerminal({ DOCKER_HOST: daemon.host, DOCKER_CONFIG: dir });
  terminal.type(`g() { node -- ${cli.program} "$@"; }; before=$(stty -g)`);
});

afterEach(async () => {
  if (skip) return;
  terminal.close();
  await docker('rm', '-f', 'c1');
});

/** The terminal's modes are those from before the command. */
async function assertRestored(): Promise<void> {
  terminal.type('[ "$(stty -g)" = "$before" ] && echo modes are restored');
  await terminal.waitFor(/^modes are restored/m);
}

async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram('docker', args, { env: { DOCKER_HOST: daemon.host } });
  assert.equal(code, 0, `docker ${args.join(' ')}: ${stderr}`);
  return stdout;
}

test('a shell in a container: input, output, exit code', { skip }, async () => {
  terminal.type('g run -it --rm --name c1 --network none busybox sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.type('echo he""llo; tty');
  await terminal.waitFor(/^hello\n\/dev\/pts\//m);
  terminal.type('exit 7');
  await terminal.waitFor(/rc=7/);
  await assertRestored();
});

test('Ctrl-C goes to what runs inside', { skip }, async () => {
  terminal.type('g run -it --rm --name c1 --network none busybox sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.type('echo no""w; sleep 1000');
  await terminal.waitFor(/^now/m);
  await waitUntil(async () => (await docker('exec', 'c1', 'ps')).includes('sleep 1000'));
  terminal.press('C-c');
  await terminal.waitFor(/^\^C/m);
  terminal.type('echo still he""re');
  await terminal.waitFor(/^still here/m);
  terminal.type('exit');
  await terminal.waitFor(/rc=0/);
  await assertRestored();
});

test('the size of the terminal is known inside, also after a change', { skip }, async () => {
  terminal.type('g run -it --rm --name c1 --network none busybox sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.type('stty size');
  await terminal.waitFor(/^30 120/m);
  terminal.resize(90, 20);
  await waitUntil(async () =>
    (await docker('exec', 'c1', 'sh', '-c', 'stty size < /proc/1/fd/0')).startsWith('20 90'),
  );
  terminal.type('exit');
  await terminal.waitFor(/rc=0/);
});

test('the detach keys leave the container running; attach comes back', { skip }, async () => {
  terminal.type('g run -it --name c1 --network none busybox sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.press('C-p', 'C-q');
  await terminal.waitFor(/rc=0/);
  await assertRestored();
  assert.equal((await docker('inspect', '-f', '{{.State.Status}}', 'c1')).trim(), 'running');
  terminal.type('clear; g attach c1; echo attached rc=$?');
  terminal.type('echo ag""ain; exit 4');
  await terminal.waitFor(/^again/m);
  await terminal.waitFor(/attached rc=4/);
  await assertRestored();
});

test('detach keys of the user', { skip }, async () => {
  terminal.type('g run -it --detach-keys ctrl-x,x --name c1 --network none busybox sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.press('C-x', 'x');
  await terminal.waitFor(/rc=0/);
  await assertRestored();
});

test('start -ai runs the same terminal again', { skip }, async () => {
  await docker('create', '-it', '--name', 'c1', '--network', 'none', 'busybox', 'sh');
  terminal.type('g start -ai c1; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.type('exit 3');
  await terminal.waitFor(/rc=3/);
  await assertRestored();
});

test('exec -it: size, exit code', { skip }, async () => {
  await docker('run', '-d', '--name', 'c1', '--network', 'none', 'busybox', 'sleep', '1000');
  terminal.type('g exec -it c1 sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  terminal.type('stty size');
  await terminal.waitFor(/^30 120/m);
  terminal.resize(70, 25);
  terminal.type('sleep 1; stty size');
  await terminal.waitFor(/^25 70/m);
  terminal.type('exit 5');
  await terminal.waitFor(/rc=5/);
  await assertRestored();
});

test('the terminal is restored when the container is killed from elsewhere', { skip }, async () => {
  terminal.type('g run -it --name c1 --network none busybox sh; echo rc=$?');
  await terminal.waitFor(/\/ # /);
  await docker('kill', 'c1');
  await terminal.waitFor(/rc=137/);
  await assertRestored();
});

test('Ctrl-C without a terminal inside is sent to the process', { skip }, async () => {
  terminal.type(
    `g run --rm --name c1 --network none busybox sh -c 'trap "echo got it; exit 9" INT; echo ready; sleep 1000 & wait'; echo rc=$?`,
  );
  await terminal.waitFor(/ready$/m);
  terminal.press('C-c');
  await terminal.waitFor(/^(\^C)?got it/m);
  await terminal.waitFor(/rc=9/);
});

test('Ctrl-C with --sig-proxy=false leaves the container alone', { skip }, async () => {
  terminal.type(
    'g run --sig-proxy=false --name c1 --network none busybox sh -c "echo ready; sleep 1000"; echo rc=$?',
  );
  await terminal.waitFor(/ready$/m);
  terminal.press('C-c');
  await terminal.waitFor(/rc=130/);
  assert.equal((await docker('inspect', '-f', '{{.State.Status}}', 'c1')).trim(), 'running');
});

test('Ctrl-C ends what only looks', { skip }, async () => {
  await docker(
    'run',
    '-d',
    '--name',
    'c1',
    '--network',
    'none',
    'busybox',
    'sh',
    '-c',
    'echo line; sleep 1000',
  );
  terminal.type('g logs -f c1; echo rc=$?');
  await terminal.waitFor(/line$/m);
  terminal.press('C-c');
  await terminal.waitFor(/rc=130/);
  terminal.type('clear; g events; echo ended rc=$?');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  terminal.press('C-c');
  await terminal.waitFor(/ended rc=130/);
});

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail('the condition did not come about');
}
