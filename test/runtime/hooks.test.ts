import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lab, nothingLeft } from './lab.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

/** Poststop hooks come after the container's end has been told. */
async function linesOf(file: string, count: number): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    if (lines.length >= count || tries === 200) return lines;
    await sleep(20);
  }
}

const OUTSIDE = ['prestart', 'createRuntime', 'createContainer', 'poststart', 'poststop'] as const;

test('hooks of all six kinds run in order, where they should, with the state they should see', async () => {
  const notes = join(lab.dir, 'notes');
  writeFileSync(notes, '');
  // From outside by the host's path, from inside by the mount of the same directory.
  const note = (kind: string, file: string) => ({
    path: '/bin/sh',
    args: ['sh', '-c', `read -r state; echo "${kind} $MARK $(hostname) $state" >> ${file}`],
    env: [`MARK=${kind.length}`, 'PATH=/bin:/usr/bin'],
  });
  const hooks = {
    ...Object.fromEntries(OUTSIDE.map((kind) => [kind, [note(kind, notes)]])),
    startContainer: [note('startContainer', '/notes/notes')],
  };
  const container = lab.container(['sh', '-c', 'echo "the process itself" >> /notes/notes'], {
    hooks,
    mounts: [{ kind: 'bind', source: lab.dir, target: '/notes', readonly: false }],
    annotations: { 'org.example.note': 'yes' },
  });
  const { pid } = await lab.launch(container);
  await lab.ended(container);
  const lines = await linesOf(notes, 7);
  const own = lines.indexOf('the process itself');
  assert.ok(own >= 0);
  const noted = lines.filter((_, i) => i !== own).map((line) => line.split(' '));
  assert.deepEqual(
    noted.map(([kind]) => kind),
    ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'],
  );
  assert.ok(own > 3, 'before startContainer');
  const host = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim();
  assert.deepEqual(
    noted.map(([, mark, name]) => [mark, name]),
    [
      ['8', host],
      ['13', host],
      ['15', 'box'],
      ['14', 'box'],
      ['9', host],
      ['8', host],
    ],
  );
  const states = noted.map(([, , , ...state]): { status: string } => JSON.parse(state.join(' ')));
  assert.deepEqual(
    states.map(({ status }) => status),
    ['creating', 'creating', 'creating', 'created', 'running', 'stopped'],
  );
  assert.deepEqual(states[0], {
    ociVersion: '1.2.0',
    id: container.id,
    status: 'creating',
    pid,
    bundle: container.bundle,
    annotations: { 'org.example.note': 'yes' },
  });
});

for (const kind of ['createRuntime', 'createContainer', 'startContainer'] as const) {
  test(`a ${kind} hook that fails fails the container, and nothing is left`, async () => {
    const failing = { path: '/bin/sh', args: ['sh', '-c', 'echo broken >&2; exit 3'], env: ['PATH=/bin'] };
    const container = lab.container(['true'], { hooks: { [kind]: [failing] } });
    await assert.rejects(lab.launch(container), {
      name: 'LaunchFailure',
      exitCode: 128,
      message: /hook \/bin\/sh: exit status 3: broken/,
    });
    nothingLeft(container);
  });
}

test('a hook that takes longer than it may fails the container', async () => {
  const slow = { path: '/bin/sleep', args: ['sleep', '60'], timeout: 1 };
  const container = lab.container(['true'], { hooks: { createRuntime: [slow] } });
  await assert.rejects(lab.launch(container), /hook \/bin\/sleep: took too long/);
  nothingLeft(container);
});
