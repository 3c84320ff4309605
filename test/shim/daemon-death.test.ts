import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectShim } from '../../src/kernel/shim-client.ts';
import { type ExitRecord, isAlive, readExitRecord, readShimIdentity } from '../../src/kernel/shim-record.ts';
import { alive, ctx, Lab, until } from './lab.ts';

/** Has another process make the container and kills it with SIGKILL. */
async function makeAndDie(spec: object, start?: string): Promise<{ shim: number; init: number }> {
  const victim = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      join(import.meta.dirname, 'victim.ts'),
      JSON.stringify(spec),
      ...(start ? [start] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(victim.stdout, 'data')) as [Buffer];
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  const [shim = 0, init = 0] = line.toString().split(' ').map(Number);
  return { shim, init };
}

test('a daemon that dies before start takes the container with it', async () => {
  await using lab = new Lab();
  const spec = lab.spec();
  const { shim, init } = await makeAndDie(spec);
  await until('both are gone', () => !alive(shim) && !alive(init));
  assert.equal(readExitRecord(spec.runDir), undefined);
});

test('a container survives the death of the daemon that started it, and the next one finds it', async () => {
  await using lab = new Lab();
  const spec = lab.spec({ stdin: true });
  const { shim, init } = await makeAndDie(spec, 'echo ready; read line; echo "got $line"; exit 6');
  const identity = readShimIdentity(spec.runDir) ?? assert.fail('no init.pid');
  assert.deepEqual([identity.shim.pid, identity.init.pid], [shim, init]);
  assert.deepEqual([isAlive(identity.shim), isAlive(identity.init)], [true, true]);
  const connection = connectShim(spec.runDir);
  const attached = await connection.attach(ctx, { stdin: true, stdout: true, stderr: false, pending: true });
  attached.stdin?.write('hello\n');
  let text = '';
  for await (const piece of attached.output) text += piece.data.toString();
  assert.match(text, /got hello\n$/);
  const record: ExitRecord = await connection.wait(ctx);
  assert.equal(record.exitCode, 6);
  await until('the shim is gone', () => !alive(shim));
});
