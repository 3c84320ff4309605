/** A Debian image from a real registry: pulled by both command lines, run, and used from a terminal. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { GANTRY, startGantryd, type TestDaemon } from '../support/daemon.ts';
import { makeImage } from '../support/image.ts';
import { debianTar } from '../support/images.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { noTmux, TmuxTerminal } from '../support/tmux.ts';

let registry: TestRegistry;
let daemon: TestDaemon;
let reference: string;

before(async () => {
  registry = await startRegistry();
  const layers = [readFileSync(debianTar()), { 'etc/motd': 'second layer\n' }];
  const config = { Cmd: ['bash'], Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'] };
  await registry.push(makeImage({ layers, config }), 'debian:bookworm');
  reference = `${registry.domain}/debian:bookworm`;
  daemon = await startGantryd();
});
after(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

test('gantry pulls it, docker finds it there, docker pulls it anew', async () => {
  const pulled = await daemon.gantry('pull', reference);
  assert.equal(pulled.status, 0, pulled.stderr);
  assert.match(pulled.stdout, /Digest: sha256:[0-9a-f]{64}\nStatus: Downloaded newer image/);
  const again = await daemon.docker('pull', reference);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /Status: Image is up to date/);
  assert.equal((await daemon.docker('rmi', reference)).status, 0);
  const anew = await daemon.docker('pull', reference);
  assert.match(anew.stdout, /Pull complete[\s\S]*Status: Downloaded newer image/);
});

test('apt-get --version, with the host’s network', async () => {
  const { status, stdout, stderr } = await daemon.gantry(
    ...['run', '--rm', '--net=host', reference, 'apt-get', '--version'],
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^apt \d+\.\d+/);
  const motd = await daemon.docker('run', '--rm', '--net=host', reference, 'cat', '/etc/motd');
  assert.equal(motd.stdout, 'second layer\n');
});

test('bash in a terminal: processes, job control, Ctrl-C, size, exit code, modes', {
  skip: noTmux() ?? false,
}, async () => {
  const terminal = new TmuxTerminal({ DOCKER_HOST: daemon.host });
  try {
    terminal.type('before=$(stty -g)');
    terminal.type(`${GANTRY} run -it --rm --net=host --hostname deb ${reference} bash; echo "rc=$?"`);
    await terminal.waitFor(/root@\S+:\/# /);
    terminal.type('ps -e -o comm= | sort | tr "\\n" "+"');
    await terminal.waitFor(/^bash\+ps\+sort\+tr\+/m);
    terminal.type('sleep 987 &');
    await terminal.waitFor(/^\[1\] \d+/m);
    terminal.type('fg');
    await terminal.waitFor(/^sleep 987\s*$/m);
    terminal.press('C-z');
    await terminal.waitFor(/^\[1\]\+\s+Stopped\s+sleep 987/m);
    terminal.type('bg; jobs');
    await terminal.waitFor(/^\[1\]\+\s+Running\s+sleep 987 &/m);
    terminal.type('kill %1; wait; echo wait""ed');
    await terminal.waitFor(/^waited/m);
    terminal.type('echo be""gun; sleep 654');
    await terminal.waitFor(/^begun/m);
    terminal.press('C-c');
    terminal.type('echo interrupted=$?');
    await terminal.waitFor(/^interrupted=130/m);
    terminal.type('stty size');
    await terminal.waitFor(/^30 120/m);
    terminal.resize(77, 22);
    terminal.type('until [ "$(stty size)" = "22 77" ]; do sleep 0.1; done; echo re""sized');
    await terminal.waitFor(/^resized/m);
    terminal.type('exit 42');
    await terminal.waitFor(/^rc=42/m);
    terminal.type('[ "$(stty -g)" = "$before" ] && echo modes are re""stored');
    await terminal.waitFor(/^modes are restored/m);
  } finally {
    terminal.close();
  }
});
