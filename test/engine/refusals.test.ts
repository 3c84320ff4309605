import assert from 'node:assert/strict';
import test from 'node:test';
import { renameContainer } from '../../src/engine/rename.ts';
import { startContainer } from '../../src/engine/start.ts';
import { waitContainer } from '../../src/engine/wait.ts';
import { ctx, fails, Lab } from './lab.ts';

for (const { name, cmd, code, message } of [
  {
    name: 'not in PATH',
    cmd: ['nosuch'],
    code: 127,
    message: /exec: "nosuch": executable file not found in \$PATH/,
  },
  {
    name: 'no such file',
    cmd: ['/nosuch'],
    code: 127,
    message: /exec: "\/nosuch": stat \/nosuch: no such file or directory/,
  },
  {
    name: 'not executable',
    cmd: ['/etc/passwd'],
    code: 126,
    message: /exec: "\/etc\/passwd": permission denied/,
  },
  {
    name: 'a directory',
    cmd: ['/etc'],
    code: 126,
    message: /exec: "\/etc": (permission denied|is a directory)/,
  },
]) {
  test(`a command that cannot be run: ${name}`, async () => {
    await using lab = await Lab.open();
    const id = await lab.create(cmd);
    await assert.rejects(startContainer(ctx, lab.engine, id), fails('invalid', message));
    const { state } = lab.record(id);
    assert.ok(state.status === 'created');
    assert.equal(state.code, code);
    assert.match(state.error, message);
    assert.equal(lab.engine.runs.size, 0);
  });
}

test('--rm of a container that cannot be started removes it', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['/nosuch'], {}, { autoRemove: true });
  const removed = waitContainer(ctx, lab.engine, id, 'removed');
  await assert.rejects(startContainer(ctx, lab.engine, id), fails('invalid', /no such file or directory/));
  assert.equal((await removed.result).statusCode, 127);
  lab.nothingLeft(id);
});

test('a user that does not exist is said so', async () => {
  await using lab = await Lab.open();
  const id = await lab.create(['true'], { user: 'nobody-here' });
  await assert.rejects(
    startContainer(ctx, lab.engine, id),
    fails('invalid', 'unable to find user nobody-here: no matching entries in passwd file'),
  );
});

test('a name belongs to one container at a time', async () => {
  await using lab = await Lab.open();
  const first = await lab.create(['true'], {}, {}, '/web');
  await assert.rejects(
    lab.create(['true'], {}, {}, 'web'),
    fails(
      'conflict',
      `Conflict. The container name "/web" is already in use by container "${first}". You have to remove (or rename) that container to be able to reuse that name.`,
    ),
  );
  const second = await lab.create(['true'], {}, {}, 'other');
  await assert.rejects(
    renameContainer(ctx, lab.engine, second, 'web'),
    fails('conflict', /^Error when allocating new name: Conflict\. The container name "\/web"/),
  );
  await renameContainer(ctx, lab.engine, first, 'old-web');
  await renameContainer(ctx, lab.engine, second, 'web');
  assert.equal(lab.engine.containers.resolve('web').id, second);
  const renames = lab.seen.filter(({ action }) => action === 'rename');
  assert.deepEqual(
    renames.map(({ attributes }) => [attributes['oldName'], attributes['name']]),
    [
      ['/web', 'old-web'],
      ['/other', 'web'],
    ],
  );
});

test('two containers wanting one name at the same time: one gets it', async () => {
  await using lab = await Lab.open();
  const results = await Promise.allSettled([1, 2, 3].map(() => lab.create(['true'], {}, {}, 'web')));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(lab.engine.containers.all().length, 1);
});

test('a failed create leaves nothing', async () => {
  await using lab = await Lab.open();
  for (const [host, kind, message] of [
    [{ networkMode: 'default' }, 'not-implemented', /network "default": this version has no bridge networks/],
    [
      { mounts: [{ type: 'bind', source: '/no/such/dir', target: '/x', readOnly: false, consistency: '' }] },
      'invalid',
      /bind source path does not exist: \/no\/such\/dir$/,
    ],
    [{ capAdd: ['NOPE'] }, 'invalid', /NOPE/],
    [{ networkMode: 'container:nobody' }, 'not-found', /No such container: nobody/],
    [{ runtime: 'runsc' }, 'invalid', 'unknown or invalid runtime name: runsc'],
  ] as const) {
    await assert.rejects(lab.create(['true'], {}, host, 'web'), fails(kind, message));
  }
  await assert.rejects(
    lab.create(['true'], { image: 'nosuch' }),
    fails('not-found', 'No such image: nosuch:latest'),
  );
  assert.equal(lab.engine.containers.all().length, 0);
  assert.ok(!lab.engine.containers.hasName('web'));
  assert.deepEqual(
    [...lab.engine.snapshots.walk()].filter(({ kind }) => kind === 'active'),
    [],
  );
});
