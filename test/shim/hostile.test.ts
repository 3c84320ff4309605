import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createShim } from '../../src/kernel/shim-create.ts';
import { openShimImage } from '../../src/kernel/shim-image.ts';
import type { CreateOp } from '../../src/kernel/shim-ops.ts';
import { collect, ctx, ENV, Lab, MOUNTS, mount, sh } from './lab.ts';

/** A lab whose image has something in place of what should be there. */
function replaced(lab: Lab, path: string, target: string): void {
  rmdirSync(join(lab.base, path));
  symlinkSync(target, join(lab.base, path));
}

for (const path of ['proc', 'sys']) {
  for (const target of ['tmp', '/tmp', '../../tmp', '/', '.']) {
    test(`an image whose /${path} is a symlink to ${target} is refused`, async () => {
      await using lab = new Lab();
      replaced(lab, path, target);
      await assert.rejects(lab.create(), { op: 'MOUNT', code: 'ELOOP' });
    });
  }

  test(`a volume over the parent of ${path} is refused as its place`, async () => {
    await using lab = new Lab();
    const volume = join(lab.dir, 'volume');
    mkdirSync(join(volume, path), { recursive: true });
    const bind = { op: 'bind', source: volume, subpath: '', target: '/vol', recursive: true } as const;
    const attrs = { set: [], clear: [], recursiveAttrs: false, recursivePropagation: false } as const;
    await assert.rejects(
      lab.create({
        mounts: [{ ...bind, ...attrs }, mount(path === 'proc' ? 'proc' : 'sysfs', `/vol/${path}`)],
      }),
      { op: 'MOUNT', code: 'EXDEV' },
    );
  });
}

const outside: { name: string; link: string; target: string }[] = [
  { name: 'an absolute symlink', link: 'dir', target: '/escape' },
  { name: 'a climbing symlink', link: 'dir', target: '../../../../../../../../escape' },
  { name: 'a chain of symlinks', link: 'dir', target: 'other' },
];
for (const row of outside) {
  test(`${row.name} in the image keeps a mount inside`, async () => {
    await using lab = new Lab();
    symlinkSync('/escape', join(lab.base, 'other'));
    symlinkSync(row.target, join(lab.base, row.link));
    const container = await lab.run('ls -d /escape/sub/file; ls /dir/sub', {
      more: [
        { op: 'mkdir', path: '/dir/sub', mode: 0o755, uid: 0, gid: 0 },
        { op: 'mkfile', path: '/dir/sub/file', mode: 0o644 },
      ],
    });
    const result = await container.finish();
    assert.deepEqual(result, { code: 0, stdout: '/escape/sub/file\nfile\n', stderr: '' });
    assert.ok(!existsSync('/escape'));
  });
}

test('a dangling /etc/resolv.conf is made where it points, inside', async () => {
  await using lab = new Lab();
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', join(lab.base, 'etc/resolv.conf'));
  const source = join(lab.dir, 'resolv.conf');
  writeFileSync(source, 'nameserver 127.0.0.11\n');
  const container = await lab.run('cat /etc/resolv.conf; ls /run/systemd/resolve', {
    more: [
      {
        op: 'bind',
        source,
        subpath: '',
        target: '/etc/resolv.conf',
        recursive: false,
        set: [],
        clear: [],
        recursiveAttrs: false,
        recursivePropagation: false,
      },
    ],
  });
  assert.equal((await container.finish()).stdout, 'nameserver 127.0.0.11\nstub-resolv.conf\n');
});

test('symlinks in a circle are refused', async () => {
  await using lab = new Lab();
  symlinkSync('b', join(lab.base, 'a'));
  symlinkSync('a', join(lab.base, 'b'));
  const mkdir: CreateOp = { op: 'mkdir', path: '/a/x', mode: 0o755, uid: 0, gid: 0 };
  await assert.rejects(lab.create({ more: [mkdir] }), { op: 'MKDIR', code: 'ELOOP' });
});

test('odd paths stay inside', async () => {
  await using lab = new Lab();
  const paths = ['//x///y/', '/../../up', '/x/../z/./w', 'relative'];
  const container = await lab.run('ls -d /x/y /up /z/w /relative', {
    more: paths.map((path): CreateOp => ({ op: 'mkdir', path, mode: 0o755, uid: 0, gid: 0 })),
  });
  assert.deepEqual(await container.finish(), { code: 0, stdout: '/relative\n/up\n/x/y\n/z/w\n', stderr: '' });
  for (const [path, code] of [
    [`/${'n'.repeat(256)}`, 'ENAMETOOLONG'],
    [`/${'d/'.repeat(3000)}`, 'ENAMETOOLONG'],
    ['/etc/plain/below', 'ENOTDIR'],
  ] as const) {
    const mkdir: CreateOp = { op: 'mkdir', path, mode: 0o755, uid: 0, gid: 0 };
    await assert.rejects(lab.create({ more: [mkdir] }), { op: 'MKDIR', code });
  }
});

test('a subpath does not leave its volume', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(volume);
  symlinkSync('/etc', join(volume, 'out'));
  symlinkSync('/proc/self/root/etc', join(volume, 'magic'));
  const bind = { op: 'bind', source: volume, target: '/mnt', recursive: true, set: [], clear: [] } as const;
  for (const subpath of ['out', '../../../etc', 'magic', 'nosuch']) {
    await assert.rejects(
      lab.create({ more: [{ ...bind, subpath, recursiveAttrs: false, recursivePropagation: false }] }),
      { op: 'BIND', code: 'ENOENT' },
    );
  }
});

test('a working directory by way of a descriptor is refused', async () => {
  await using lab = new Lab();
  for (let fd = 0; fd < 12; fd++) {
    const container = await lab.create();
    await assert.rejects(
      container.creation.start(ctx, [{ op: 'cwd', path: `/proc/self/fd/${fd}` }, sh('pwd')]),
      (error: { code: string }) => ['ELOOP', 'ENOENT'].includes(error.code),
    );
  }
  const container = await lab.create();
  await assert.rejects(container.creation.start(ctx, [{ op: 'cwd', path: '/proc/self/cwd' }, sh('pwd')]), {
    op: 'CWD',
    code: 'ELOOP',
  });
});

test('a working directory that is a symlink ends inside', async () => {
  await using lab = new Lab();
  symlinkSync('../../../../../etc', join(lab.base, 'work'));
  const container = await lab.run([{ op: 'cwd', path: '/work' }, sh('pwd; ls')]);
  assert.equal((await container.finish()).stdout, '/etc\nplain\nsecret\n');
});

test('the shim’s program cannot be written through /proc/self/exe', async () => {
  await using lab = new Lab();
  const container = await lab.run('sleep 100');
  const exe = `/proc/${container.creation.shimPid}/exe`;
  assert.throws(() => writeFileSync(exe, 'x', { flag: 'r+' }), /ETXTBSY/);
  await container.kill();
  // Also what does not run, because of the seals.
  using image = openShimImage(join(lab.base, 'etc/plain'));
  assert.throws(() => writeFileSync(image.path, 'x', { flag: 'r+' }), /EPERM/);
  assert.equal(readFileSync(image.path, 'utf8'), 'text');
  await assert.rejects(createShim(ctx, image, lab.spec()), {
    kind: 'system',
    message: /^the shim ended without an answer: /,
  });
});

test('a process that joins is not to be traced or read by those inside', async () => {
  await using lab = new Lab();
  const all = 0x1fffef7ffffn; // without SYS_PTRACE, and SYS_RESOURCE, which the tests may not have
  const caps = {
    op: 'capabilities',
    bounding: all,
    effective: all,
    permitted: all,
    inheritable: 0n,
    ambient: 0n,
  } as const;
  const container = await lab.run([
    caps,
    sh(
      'while [ ! -e /stop ]; do for p in /proc/[0-9]*; do ' +
        'exe=$(readlink $p/exe) && case $exe in /bin/busybox) ;; *) echo "seen $exe";; esac; ' +
        'for fd in $p/fd/*; do to=$(readlink $fd) && case $to in socket:*|/proc|/) echo "$fd $to";; esac; done; ' +
        'done; done; echo stopped',
    ),
  ]);
  // The hook holds it where it has nothing over those inside but its descriptors.
  const argv = ['sh', '-c', 'sleep 0.1'];
  const hook = { op: 'hook', when: 'startContainer', path: '/bin/sh', argv, env: ENV, timeoutMs: 0 } as const;
  for (let i = 0; i < 10; i++) {
    await collect((await container.exec([caps, { ...hook, state: ['', ''] }, sh('true')])).output);
  }
  await collect((await container.exec('touch /stop')).output);
  const { stdout } = await container.finish();
  assert.equal(stdout, 'stopped\n');
});

test('an exec’s terminal comes from a devpts or not at all', async () => {
  await using lab = new Lab();
  const volume = join(lab.dir, 'volume');
  mkdirSync(volume);
  writeFileSync(join(volume, 'ptmx'), '');
  const container = await lab.run('sleep 100', {
    mounts: [...MOUNTS.filter((op) => op.op !== 'mount' || op.target !== '/dev/pts')],
    more: [
      { op: 'mkdir', path: '/dev/pts', mode: 0o755, uid: 0, gid: 0 },
      { op: 'mkfile', path: '/dev/pts/ptmx', mode: 0o666 },
    ],
  });
  await assert.rejects(
    container.exec([{ op: 'tty', rows: 1, columns: 1, console: false }, sh('tty')], { tty: true }),
    {
      op: 'TTY',
      code: 'ENODEV',
    },
  );
});

test('/dev/console goes where /dev is, not where a symlink leads', async () => {
  await using lab = new Lab();
  const victim = join(lab.dir, 'victim');
  writeFileSync(victim, 'untouched');
  const container = await lab.run('stat -c %F /dev/console; ls -l /dev/console | grep -c "^c"', {
    tty: true,
    mounts: [...MOUNTS, { op: 'symlink', path: '/dev/console', to: `../../../../..${victim}` }],
  });
  await container.wait();
  assert.equal(readFileSync(victim, 'utf8'), 'untouched');
  assert.equal(statSync(victim).isFile(), true);
});

test('a mask goes over what is there, whatever /dev/null is in the image', async () => {
  await using lab = new Lab();
  const bait = join(lab.base, 'etc/bait');
  writeFileSync(bait, 'bait');
  linkSync(bait, join(lab.base, 'dev/null'));
  const container = await lab.run(
    'cat /etc/secret; stat -c %F:%t:%T /etc/secret; umount /etc/secret 2>/dev/null || echo held',
    {
      mounts: [mount('proc', '/proc')],
      more: [{ op: 'mask', path: '/etc/secret' }],
    },
  );
  const { stdout } = await container.finish();
  assert.match(stdout, /^character special file:1:3\n/);
});

test('a message that is malformed is refused, and nothing is left', async () => {
  await using lab = new Lab();
  const spec = lab.spec();
  await assert.rejects(
    createShim(ctx, lab.image, { ...spec, program: [sh('true') as unknown as CreateOp] }),
    {
      message: 'the shim: malformed create program: EBADMSG',
    },
  );
  const container = await lab.create();
  await assert.rejects(
    container.creation.start(ctx, [{ op: 'umask', mask: 0 }]),
    /malformed process program: EBADMSG/,
  );
});

test('an argument list beyond the kernel’s limit is refused', async () => {
  await using lab = new Lab();
  const container = await lab.create();
  const argv: [string, ...string[]] = ['/bin/echo', 'x'.repeat(200_000)];
  await assert.rejects(container.creation.start(ctx, [{ op: 'exec', argv, env: ENV }]), {
    op: 'EXEC',
    code: 'E2BIG',
  });
  const other = await lab.create();
  const many: [string, ...string[]] = ['/bin/echo', ...Array.from({ length: 50 }, () => 'y'.repeat(100_000))];
  await assert.rejects(other.creation.start(ctx, [{ op: 'exec', argv: many, env: ENV }]), {
    kind: 'invalid',
    message: /^arguments and environment are too long: \d+ bytes$/,
  });
  await other.creation.abort();
});

test('nothing was left in the image', async () => {
  await using lab = new Lab();
  const before = readdirSync(lab.base).sort();
  await (await lab.run('true')).wait();
  assert.deepEqual(readdirSync(lab.base).sort(), before);
  assert.ok(lstatSync(join(lab.base, 'proc')).isDirectory());
});
