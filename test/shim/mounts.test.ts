import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createShim } from '../../src/kernel/shim-create.ts';
import type { CreateOp } from '../../src/kernel/shim-ops.ts';
import { alive, bind, ctx, Lab, mount, printed, sh, until } from './lab.ts';

test('the mounts are what was asked for, and the host sees none of them', async () => {
  await using lab = new Lab();
  const container = await lab.run('cat /proc/self/mountinfo; sleep 0.1');
  await until('it runs', () => container.log().stdout.includes('mqueue'));
  assert.ok(!readFileSync('/proc/self/mountinfo', 'utf8').includes(lab.dir));
  const { stdout } = await container.finish();
  const mounts = stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [, , , , target, options, ...rest] = line.split(' ');
      return `${target} ${rest.slice(rest.indexOf('-') + 1, rest.indexOf('-') + 3).join(' ')} ${options}`;
    });
  assert.deepEqual(mounts, [
    '/ overlay overlay rw,relatime',
    '/proc proc proc rw,nosuid,nodev,noexec,relatime',
    '/dev tmpfs tmpfs rw,nosuid,noexec,relatime',
    '/dev/pts devpts devpts rw,nosuid,noexec,relatime',
    '/sys sysfs sysfs ro,nosuid,nodev,noexec,relatime',
    '/dev/shm tmpfs tmpfs rw,nosuid,noexec,relatime',
    '/dev/mqueue mqueue mqueue rw,nosuid,noexec,relatime',
  ]);
});

test('an overlay of 127 lower directories, topmost first', async () => {
  await using lab = new Lab();
  const snapshots = join(lab.dir, 'snapshots');
  const lower = Array.from({ length: 126 }, (_, i) => `${100000 + i}/fs`);
  for (const [i, name] of lower.entries()) {
    mkdirSync(join(snapshots, name), { recursive: true });
    writeFileSync(join(snapshots, name, `file${i}`), '');
    writeFileSync(join(snapshots, name, 'all'), String(i));
  }
  const container = await lab.run('ls / | grep -c file; cat all; echo changed >all', {
    root: [
      {
        op: 'rootOverlay',
        dir: snapshots,
        lower: [...lower, 'base'],
        upper: '1/fs',
        work: '1/work',
        options: ['index=off'],
        at: join(lab.dir, 'run/1/rootfs'),
      },
    ],
  });
  const { stdout } = await container.finish();
  assert.equal(stdout, '126\n0');
  assert.equal(readFileSync(join(snapshots, '1/fs/all'), 'utf8'), 'changed\n');
});

test('an overlay without an upper directory is read-only; too many options are refused', async () => {
  await using lab = new Lab();
  const overlay = {
    op: 'rootOverlay',
    dir: join(lab.dir, 'snapshots'),
    upper: '',
    work: '',
    options: [],
  } as const;
  const at = join(lab.dir, 'run/1/rootfs');
  const container = await lab.run('touch /x', { root: [{ ...overlay, lower: ['base', '1/work'], at }] });
  assert.match((await container.finish()).stderr, /Read-only file system/);
  const names = Array.from({ length: 400 }, (_, i) => `1000000${i}/fs`);
  await assert.rejects(
    lab.create({ root: [{ ...overlay, lower: names, at: join(lab.dir, 'run/2/rootfs') }] }),
    /E2BIG/,
  );
  await assert.rejects(
    lab.create({ root: [{ ...overlay, lower: ['a:b'], at: join(lab.dir, 'run/3/rootfs') }] }),
    /E2BIG/,
  );
});

test('a directory as root, and a read-only one', async () => {
  await using lab = new Lab();
  const root: CreateOp = { op: 'rootBind', source: lab.base, at: lab.base };
  const writable = await lab.run('echo x >/tmp/x; cat /tmp/x', { root: [root] });
  assert.deepEqual(await writable.finish(), { code: 0, stdout: 'x\n', stderr: '' });
  const readonly = await lab.run('touch /tmp/y || touch /dev/y && echo made', {
    root: [root],
    more: [{ op: 'mountAttributes', target: '/', set: ['ro'], clear: [], recursive: false }],
  });
  const { stdout, stderr } = await readonly.finish();
  assert.match(stderr, /\/tmp\/y: Read-only file system/);
  assert.equal(stdout, 'made\n');
  assert.ok(!existsSync(join(lab.base, 'tmp/y')));
});

test('files and directories are bound, missing targets made', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(join(volume, 'sub/deep'), { recursive: true });
  writeFileSync(join(volume, 'file'), 'of the host\n');
  writeFileSync(join(volume, 'sub/deep/file'), 'deep\n');
  const text = await printed(
    lab,
    'cat /a/b/file /etc/hosts /deep/file; echo new >/a/b/new; touch /ro/x; stat -c %a:%u /a /a/b /etc/hosts',
    [
      bind(volume, '/a/b'),
      bind(join(volume, 'file'), '/etc/hosts'),
      bind(volume, '/ro', { set: ['ro'] }),
      bind(volume, '/deep', { subpath: 'sub/deep' }),
    ],
  );
  assert.equal(
    text,
    'of the host\nof the host\ndeep\n755:0\n755:0\n644:0\nstderr: touch: /ro/x: Read-only file system\n',
  );
  assert.equal(readFileSync(join(volume, 'new'), 'utf8'), 'new\n');
});

test('recursive attributes reach the mounts below, others do not', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(join(volume, 'sub'), { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(volume, 'sub')]);
  try {
    const text = await printed(
      lab,
      'touch /all/x /all/sub/x /top/x /top/sub/x; ls /alone/sub; grep -E " /(all|top)(/sub)? " /proc/self/mountinfo | cut -d" " -f5,6',
      [
        bind(volume, '/all', { set: ['ro', 'noexec', 'noatime'], recursiveAttrs: true }),
        bind(volume, '/top', { set: ['ro'] }),
        bind(volume, '/alone', { recursive: false }),
      ],
    );
    assert.equal(
      text,
      '/all ro,noexec,noatime\n/all/sub ro,noexec,noatime\n/top ro,relatime\n/top/sub rw,relatime\n' +
        'stderr: touch: /all/x: Read-only file system\ntouch: /all/sub/x: Read-only file system\ntouch: /top/x: Read-only file system\n',
    );
  } finally {
    execFileSync('umount', ['-l', join(volume, 'sub')]);
  }
});

test('propagation: a slave sees mounts the host makes later, a private one does not', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(volume);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume]);
  try {
    execFileSync('mount', ['--make-shared', volume]);
    mkdirSync(join(volume, 'later'));
    const container = await lab.run('read x; ls -A /slave/later /private/later', {
      stdin: true,
      more: [bind(volume, '/slave', { propagation: 'slave' }), bind(volume, '/private')],
    });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(volume, 'later')]);
    writeFileSync(join(volume, 'later/seen'), '');
    await container.shim.closeStdin(ctx);
    assert.equal((await container.finish()).stdout, '/private/later:\n\n/slave/later:\nseen\n');
  } finally {
    execFileSync('umount', ['-l', volume]);
  }
});

test('propagation: a mount made in a shared bind reaches the host', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(volume);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', volume]);
  try {
    execFileSync('mount', ['--make-shared', volume]);
    mkdirSync(join(volume, 'inside'));
    const spec = lab.spec({ more: [bind(volume, '/shared', { propagation: 'shared' })] });
    const program = spec.program.map(
      (op): CreateOp => (op.op === 'propagation' ? { ...op, type: 'shared' } : op),
    );
    const creation = await createShim(ctx, lab.image, { ...spec, program });
    await creation.start(ctx, [sh('mount -t tmpfs tmpfs /shared/inside; touch /shared/inside/seen')]);
    await until('the host sees it', () => existsSync(join(volume, 'inside/seen')));
    await until('the shim is gone', () => !alive(creation.shimPid));
  } finally {
    execFileSync('umount', ['-l', volume]);
  }
  assert.ok(
    !readFileSync('/proc/self/mountinfo', 'utf8').includes(`${lab.dir}/run`),
    'the root stayed inside',
  );
});

test('propagation: the root does not reach a host whose own mounts are shared', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(volume);
  const onHost = (): string[] =>
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(lab.dir))
      .map((line) => line.split(' ')[4] ?? '');
  execFileSync('mount', ['--bind', lab.dir, lab.dir]);
  try {
    execFileSync('mount', ['--make-shared', lab.dir]);
    const spec = lab.spec({ more: [bind(volume, '/shared', { propagation: 'shared' })] });
    const program = spec.program.map(
      (op): CreateOp => (op.op === 'propagation' ? { ...op, type: 'shared' } : op),
    );
    mkdirSync(join(volume, 'inside'));
    const creation = await createShim(ctx, lab.image, { ...spec, program });
    assert.deepEqual(onHost(), [lab.dir]);
    await creation.start(ctx, [sh('mount -t tmpfs tmpfs /shared/inside; touch /shared/inside/seen')]);
    await until('the host sees it', () => existsSync(join(volume, 'inside/seen')));
    await until('the shim is gone', () => !alive(creation.shimPid));
    assert.deepEqual(onHost(), [lab.dir, join(volume, 'inside')]);
  } finally {
    execFileSync('umount', ['-l', lab.dir]);
  }
});

test('control groups v1 inside, as binds on a tmpfs', async () => {
  await using lab = new Lab();
  if (!existsSync('/sys/fs/cgroup/pids')) return;
  const container = await lab.run(
    'ls /sys/fs/cgroup; touch /sys/fs/cgroup/x; ls /sys/fs/cgroup/pids | grep -c procs',
    {
      more: [
        mount('tmpfs', '/sys/fs/cgroup', ['mode=755']),
        bind('/sys/fs/cgroup/pids', '/sys/fs/cgroup/pids', { set: ['ro', 'nosuid', 'nodev', 'noexec'] }),
        {
          op: 'mount',
          fstype: 'cgroup',
          source: 'cgroup',
          target: '/sys/fs/cgroup/freezer',
          options: ['freezer'],
          attrs: ['ro'],
        },
        { op: 'mountAttributes', target: '/sys/fs/cgroup', set: ['ro'], clear: [], recursive: false },
      ],
    },
  );
  const { stdout, stderr } = await container.finish();
  assert.equal(stdout, 'freezer\npids\n1\n');
  assert.match(stderr, /Read-only/);
});
