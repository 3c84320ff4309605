import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShimStreams } from '../../src/kernel/shim-client.ts';
import type { ProcessOp } from '../../src/kernel/shim-ops.ts';
import { collect, ctx, Lab, sh, until } from './lab.ts';

const ALL = { stdin: true, stdout: true, stderr: true, pending: false };

/** Collects output in the background. */
function watch(client: ShimStreams): { text: string } {
  const seen = { text: '' };
  void (async () => {
    for await (const piece of client.output) seen.text += piece.data.toString();
  })();
  return seen;
}

test('a terminal of the container’s own is its standard streams and its console', async () => {
  await using lab = new Lab();
  const container = await lab.run(
    'tty; stty size; test -c /dev/console && stat -c %t:%T /dev/console; echo to console >/dev/console; ' +
      '[ "$(stat -c %d:%i /dev/pts/0)" = "$(stat -c %d:%i /dev/console)" ] && echo same; ls /dev/pts; exit 3',
    { tty: true },
  );
  const { code, stdout } = await container.finish();
  assert.equal(code, 3);
  assert.deepEqual(stdout.split('\r\n'), [
    '/dev/pts/0',
    '24 80',
    '88:0',
    'to console',
    'same',
    '0     ptmx',
    '',
  ]);
});

test('it controls its session: ^C interrupts, ^D ends input', async () => {
  await using lab = new Lab();
  const container = await lab.create({ tty: true, stdin: true });
  const client = await container.shim.attach(ctx, ALL);
  const seen = watch(client);
  await container.creation.start(ctx, [
    sh('trap "echo interrupted" INT; stty -echo; echo ready; read x; echo "read $?"; cat; echo ended'),
  ]);
  await until('ready', () => seen.text.includes('ready'));
  client.stdin?.write('\x03');
  await until('interrupted', () => seen.text.includes('interrupted'));
  client.stdin?.write('\nline\n\x04');
  const { stdout } = await container.finish();
  assert.match(stdout, /interrupted\r\n.*line\r\nended\r\n$/s);
});

test('resize changes its size and tells the process', async () => {
  await using lab = new Lab();
  const container = await lab.create({ tty: true, stdin: true });
  const seen = watch(await container.shim.attach(ctx, ALL));
  await container.creation.start(ctx, [
    sh('trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.02; done'),
  ]);
  await until('ready', () => seen.text.includes('ready'));
  await container.shim.resize(ctx, 50, 132);
  assert.equal((await container.finish()).stdout, 'ready\r\n50 132\r\n');
});

test('leaving a terminal, and the end of a client’s input, do not hang it up', async () => {
  await using lab = new Lab();
  const container = await lab.run('read a; echo "a=$a"; read b; echo "b=$b"', {
    tty: true,
    stdin: true,
    stdinOnce: true,
  });
  const first = await container.shim.attach(ctx, ALL);
  first.stdin?.end('1\n');
  await until('it is read', () => container.log().stdout.includes('a=1'));
  first.close();
  const second = await container.shim.attach(ctx, ALL);
  second.stdin?.write('2\n');
  assert.match((await collect(second.output)).stdout, /b=2\r\n$/);
});

test('without a terminal there is nothing to resize', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  await assert.rejects(container.shim.resize(ctx, 1, 1), { message: 'RESIZE: no terminal: ENOTTY' });
});

const TTY: ProcessOp = { op: 'tty', rows: 10, columns: 20, console: false };

test('an exec has a terminal of its own', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exec = await container.exec([TTY, sh('tty; stty size; read x; echo "x=$x"; stty size; exit 4')], {
    id: 'term',
    tty: true,
    stdin: true,
  });
  await container.shim.resize(ctx, 11, 22, 'term');
  exec.stdin?.write('in\n');
  const { stdout } = await collect(exec.output);
  assert.deepEqual(
    stdout.split('\r\n').filter((line) => line !== 'in' && line !== '10 20'),
    ['/dev/pts/0', ...(stdout.includes('10 20') ? [] : ['11 22']), 'x=in', '11 22', ''],
  );
  assert.equal((await exec.exit)?.exitCode, 4);
});

test('a terminal that was not announced is refused', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  await assert.rejects(
    container.exec([TTY, sh('true')]),
    /operation 0 \(TTY\): a terminal was not announced: EINVAL/,
  );
});
