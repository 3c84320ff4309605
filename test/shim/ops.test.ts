import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createShim } from '../../src/kernel/shim-create.ts';
import type { Bind, CreateOp, ProcessOp } from '../../src/kernel/shim-ops.ts';
import { readShimIdentity } from '../../src/kernel/shim-record.ts';
import { alive, collect, ctx, devices, ENV, Lab, MOUNTS, mount, sh, until } from './lab.ts';

/** What a container with these operations prints. */
async function printed(
  lab: Lab,
  script: string,
  more: readonly CreateOp[],
  process: readonly ProcessOp[] = [],
) {
  const container = await lab.run([...process, sh(script)], { more });
  const { stdout, stderr } = await container.finish();
  return stderr === '' ? stdout : `${stdout}stderr: ${stderr}`;
}

test('namespaces of its own', async () => {
  await using lab = new Lab();
  const names = ['mnt', 'uts', 'ipc', 'net', 'pid', 'cgroup', 'user'];
  const links = await printed(
    lab,
    `for ns in ${names.join(' ')}; do readlink /proc/self/ns/$ns; done; echo $$`,
    [],
  );
  const own = names.map((name) => readlinkSync(`/proc/self/ns/${name}`));
  assert.deepEqual(
    links
      .split('\n')
      .slice(0, 7)
      .map((link, i) => link === own[i]),
    [false, false, false, false, false, false, true],
  );
  assert.equal(links.split('\n')[7], '1');
});

test('names, loopback and sysctls', async () => {
  await using lab = new Lab();
  const text = await printed(
    lab,
    'hostname; cat /proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/msgmax; ifconfig lo | grep -o "UP LOOPBACK RUNNING"',
    [
      { op: 'hostname', name: 'box' },
      { op: 'domainname', name: 'example.org' },
      { op: 'loopback' },
      { op: 'sysctl', path: 'net/ipv4/ip_unprivileged_port_start', value: '80' },
      { op: 'sysctl', path: 'kernel/msgmax', value: '65000' },
    ],
  );
  assert.equal(text, 'box\nexample.org\n80\n65000\nUP LOOPBACK RUNNING\n');
  assert.equal(readFileSync('/proc/sys/kernel/msgmax', 'utf8'), '8192\n');
});

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

function bind(source: string, target: string, more: Partial<Bind> = {}): Bind {
  const plain = {
    recursive: true,
    set: [],
    clear: [],
    recursiveAttrs: false,
    recursivePropagation: true,
  } as const;
  return { op: 'bind', source, subpath: '', target, ...plain, propagation: 'private', ...more };
}

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
    execFileSync('umount', ['-R', '-l', volume]);
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
    execFileSync('umount', ['-R', '-l', volume]);
  }
  assert.ok(
    !readFileSync('/proc/self/mountinfo', 'utf8').includes(`${lab.dir}/run`),
    'the root stayed inside',
  );
});

test('masked and read-only paths', async () => {
  await using lab = new Lab();
  const masks = [
    '/proc/keys',
    '/proc/interrupts',
    '/sys/firmware',
    '/proc/scsi',
    '/nosuch',
    '/etc/plain/below',
  ];
  const text = await printed(
    lab,
    'cat /proc/keys | wc -c; ls /sys/firmware | wc -l; touch /sys/firmware/x; chmod 777 /proc/keys; ' +
      'echo 1 >/proc/sys/kernel/panic; cat /proc/sys/kernel/ostype; grep -c . /proc/interrupts',
    [...masks.map((path): CreateOp => ({ op: 'mask', path })), { op: 'readonlyPath', path: '/proc/sys' }],
  );
  const [kcore, firmware, ostype, timers, ...errors] = text.split('\n');
  assert.deepEqual([kcore, firmware, ostype, timers], ['0', '0', 'Linux', '0']);
  assert.deepEqual(
    errors.map((line) => line.replace(/.*: /, '')).filter(Boolean),
    Array(3).fill('Read-only file system'),
  );
  assert.equal(statSync('/dev/null').mode & 0o777, 0o666);
});

test('directories, files, nodes and symlinks', async () => {
  await using lab = new Lab();
  const text = await printed(
    lab,
    'cd /; stat -c "%n %F %a %u:%g %t:%T" d/e f dev/fuse dev/pipe etc/plain; readlink dev/fd',
    [
      { op: 'mkdir', path: '/d/e', mode: 0o750, uid: 5, gid: 6 },
      { op: 'mkfile', path: '/f', mode: 0o640 },
      { op: 'mkfile', path: '/etc/plain', mode: 0o600 },
      { op: 'mknod', path: '/dev/fuse', type: 'c', major: 10, minor: 229, mode: 0o660, uid: 7, gid: 8 },
      { op: 'mknod', path: '/dev/pipe', type: 'p', major: 0, minor: 0, mode: 0o600, uid: 0, gid: 0 },
      { op: 'mknod', path: '/dev/null', type: 'c', major: 1, minor: 3, mode: 0o666, uid: 0, gid: 0 },
      { op: 'symlink', path: '/dev/fd', to: '/proc/self/fd' },
    ],
  );
  assert.equal(
    text,
    'd/e directory 750 5:6 0:0\nf regular empty file 640 0:0 0:0\ndev/fuse character special file 660 7:8 a:e5\n' +
      'dev/pipe fifo 600 0:0 0:0\netc/plain regular file 644 0:0 0:0\n/proc/self/fd\n',
  );
  const other: CreateOp = {
    op: 'mknod',
    path: '/dev/zero',
    type: 'c',
    major: 1,
    minor: 3,
    mode: 0o666,
    uid: 0,
    gid: 0,
  };
  await assert.rejects(
    lab.create({ more: [other] }),
    /\/dev\/zero is there already and something else: EEXIST/,
  );
});

test('limits and attributes of the process', async () => {
  await using lab = new Lab();
  const text = await printed(
    lab,
    'ulimit -n; ulimit -Hn; umask; pwd; cat /proc/self/oom_score_adj; grep NoNewPrivs /proc/self/status; ' +
      'grep -c . /proc/self/personality; cat /proc/self/personality',
    [],
    [
      { op: 'rlimit', resource: 'RLIMIT_NOFILE', soft: 123n, hard: 456n },
      { op: 'oomScoreAdj', value: 321 },
      { op: 'keyring', name: '_ses.test' },
      { op: 'personality', persona: 0x0040000 },
      { op: 'umask', mask: 0o27 },
      { op: 'cwd', path: '/etc' },
      { op: 'noNewPrivileges' },
    ],
  );
  assert.equal(text, '123\n456\n0027\n/etc\n321\nNoNewPrivs:\t1\n1\n00040000\n');
});

const DEFAULT = 0xa80425fbn;

test('user, groups and capabilities', async () => {
  await using lab = new Lab();
  const none = { bounding: 0n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n };
  const rows: { name: string; in: ProcessOp[]; want: string[] }[] = [
    {
      name: 'root with a list',
      in: [
        { op: 'identity', uid: 0, gid: 0, groups: [0, 10] },
        { op: 'capabilities', ...none, bounding: DEFAULT, effective: DEFAULT, permitted: DEFAULT },
      ],
      want: [
        '0 0 0 10',
        '0000000000000000',
        '00000000a80425fb',
        '00000000a80425fb',
        '00000000a80425fb',
        '0000000000000000',
      ],
    },
    {
      name: 'a user has none, whatever the sets',
      in: [
        { op: 'identity', uid: 1000, gid: 1001, groups: [1002, 4294967294] },
        { op: 'capabilities', ...none, bounding: DEFAULT, effective: DEFAULT, permitted: DEFAULT },
      ],
      want: [
        '1000 1001 1002 4294967294',
        '0000000000000000',
        '0000000000000000',
        '0000000000000000',
        '00000000a80425fb',
        '0000000000000000',
      ],
    },
    {
      name: 'a user with an ambient capability',
      in: [
        { op: 'identity', uid: 1000, gid: 1000, groups: [] },
        {
          op: 'capabilities',
          bounding: 1024n,
          effective: 1024n,
          permitted: 1024n,
          inheritable: 1024n,
          ambient: 1024n,
        },
      ],
      want: [
        '1000 1000',
        '0000000000000400',
        '0000000000000400',
        '0000000000000400',
        '0000000000000400',
        '0000000000000400',
      ],
    },
    {
      name: 'root without any',
      in: [
        { op: 'identity', uid: 0, gid: 0, groups: [] },
        { op: 'capabilities', ...none },
      ],
      want: ['0 0', ...Array<string>(5).fill('0000000000000000')],
    },
  ];
  for (const row of rows) {
    const text = await printed(
      lab,
      'echo $(id -u) $(id -g) $(grep ^Groups: /proc/self/status | cut -f2); grep ^Cap /proc/self/status | cut -f2',
      [],
      row.in,
    );
    assert.deepEqual(text.trim().split('\n'), row.want, row.name);
  }
  for (const [uid, gid] of [
    [4294967295, 0],
    [0, 4294967295],
  ] as const) {
    const container = await lab.create();
    await assert.rejects(
      container.creation.start(ctx, [{ op: 'identity', uid, gid, groups: [] }, sh('id')]),
      /uid or gid 4294967295: EINVAL/,
    );
  }
});

/** A filter that answers `number` with EPERM-like errno 99 and allows the rest (seccomp(2)). */
function filterOf(number: number): Buffer {
  const filter = Buffer.alloc(32);
  const put = (i: number, code: number, jt: number, jf: number, k: number): void => {
    filter.writeUInt16LE(code, 8 * i);
    filter.writeUInt8(jt, 8 * i + 2);
    filter.writeUInt8(jf, 8 * i + 3);
    filter.writeUInt32LE(k, 8 * i + 4);
  };
  put(0, 0x20, 0, 0, 0);
  put(1, 0x15, 0, 1, number);
  put(2, 0x06, 0, 0, 0x00050063);
  put(3, 0x06, 0, 0, 0x7fff0000);
  return filter;
}

test('a seccomp filter, with no_new_privs and without', async () => {
  await using lab = new Lab();
  const mkdir = process.arch === 'arm64' ? 34 : 83;
  const seccomp: ProcessOp = { op: 'seccomp', flags: ['log', 'specAllow'], filter: filterOf(mkdir) };
  const user: ProcessOp = { op: 'identity', uid: 1000, gid: 1000, groups: [] };
  const caps: ProcessOp = {
    op: 'capabilities',
    bounding: 0n,
    effective: 0n,
    permitted: 0n,
    inheritable: 0n,
    ambient: 0n,
  };
  const check = 'mkdir /x || grep -E "NoNewPrivs|Seccomp:" /proc/self/status';
  const want = (privs: number) =>
    `NoNewPrivs:\t${privs}\nSeccomp:\t2\nstderr: mkdir: can't create directory '/x': Cannot assign requested address\n`;
  const text = (program: ProcessOp[]) => printed(lab, check, [], program);
  assert.equal(await text([user, { op: 'noNewPrivileges' }, caps, seccomp]), want(1));
  assert.equal(await text([user, seccomp, caps]), want(0), 'the user is changed, the capability still there');
  const container = await lab.create();
  await assert.rejects(container.creation.start(ctx, [user, caps, seccomp, sh('true')]), {
    op: 'SECCOMP',
    code: 'EACCES',
  });
});

test('a user’s working directory that root may not enter is entered as the user, and the other way round', async () => {
  await using lab = new Lab();
  mkdirSync(join(lab.base, 'home/user'), { recursive: true, mode: 0o700 });
  chownSync(join(lab.base, 'home'), 1000, 1000);
  chownSync(join(lab.base, 'home/user'), 1000, 1000);
  const caps: ProcessOp = {
    op: 'capabilities',
    bounding: 0n,
    effective: 0n,
    permitted: 0n,
    inheritable: 0n,
    ambient: 0n,
  };
  const user: ProcessOp = { op: 'identity', uid: 1000, gid: 1000, groups: [] };
  const cwd: ProcessOp = { op: 'cwd', path: '/home/user' };
  const powerless: ProcessOp = { ...caps, bounding: 0xc0n, effective: 0xc0n, permitted: 0xc0n } as ProcessOp;
  assert.equal(await printed(lab, 'pwd', [], [powerless, cwd, user]), '/home/user\n');
  assert.equal(await printed(lab, 'pwd', [], [user, cwd, caps]), '/home/user\n');
});

test('stdio belongs to the user where it is said', async () => {
  await using lab = new Lab();
  const user: ProcessOp = { op: 'identity', uid: 1000, gid: 1000, groups: [] };
  const caps: ProcessOp = {
    op: 'capabilities',
    bounding: 0n,
    effective: 0n,
    permitted: 0n,
    inheritable: 0n,
    ambient: 0n,
  };
  const text = await printed(
    lab,
    'echo reopened >/proc/self/fd/1; echo err >/dev/fd/2',
    [],
    [{ op: 'stdioOwner', uid: 1000 }, user, caps],
  );
  assert.equal(text, 'reopened\nstderr: err\n');
  assert.equal(statSync('/dev/null').uid, 0);
});

test('only stdio is open, signals are at their defaults and unblocked', async () => {
  await using lab = new Lab();
  const container = await lab.run(
    'ls /proc/$$/fd; grep -E "^Sig(Blk|Ign|Cgt)|^Dump" /proc/self/status; cat /proc/self/cmdline | tr "\\0" " "',
  );
  const { stdout } = await container.finish();
  assert.equal(
    stdout,
    '0\n1\n2\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\ncat /proc/self/cmdline ',
  );
});

test('another container’s namespaces are joined, its pid namespace too', async () => {
  await using lab = new Lab();
  const first = await lab.run('trap "" TERM; echo up; sleep 100', {
    more: [{ op: 'hostname', name: 'first' }],
  });
  await until('up', () => first.log().stdout === 'up\n');
  const of = (name: string) => `/proc/${first.creation.pid}/ns/${name}`;
  const second = await lab.run(
    'hostname; readlink /proc/self/ns/net; ps -o args | grep -q "[s]leep 100" && echo seen; [ $$ -gt 1 ] && echo not init; exit 3',
    {
      namespaces: [
        { op: 'joinNamespace', type: 'pid', path: of('pid') },
        { op: 'joinNamespace', type: 'net', path: of('net') },
        { op: 'joinNamespace', type: 'ipc', path: of('ipc') },
        { op: 'joinNamespace', type: 'uts', path: of('uts') },
        { op: 'newNamespaces', types: ['mount', 'cgroup'] },
      ],
    },
  );
  assert.equal(readShimIdentity(second.runDir)?.init.pid, second.creation.pid);
  const { code, stdout } = await second.finish();
  assert.deepEqual(stdout.split('\n'), ['first', readlinkSync(of('net')), 'seen', 'not init', '']);
  assert.equal(code, 3);
  assert.ok(alive(first.creation.pid));
});

test('a namespace path of the wrong kind is refused', async () => {
  await using lab = new Lab();
  for (const [type, path] of [
    ['net', '/proc/self/ns/uts'],
    ['pid', '/proc/self/ns/uts'],
    ['net', '/etc/passwd'],
  ] as const) {
    await assert.rejects(
      lab.create({
        namespaces: [
          { op: 'joinNamespace', type, path },
          { op: 'newNamespaces', types: ['mount'] },
        ],
      }),
      { op: 'JOIN_NAMESPACE', index: 0, code: 'EINVAL' },
    );
  }
});

test('a user namespace: root inside is nobody outside, execs included', async () => {
  await using lab = new Lab();
  const map = [{ container: 0, host: 200000, size: 65536 }];
  chmodSync(lab.dir, 0o711);
  for (const path of ['root', 'tmp', 'etc']) chownSync(join(lab.base, path), 200000, 200000);
  const container = await lab.run(
    'id -u; cat /proc/self/uid_map; touch /tmp/mine; stat -c %u /tmp/mine; cat /proc/self/oom_score_adj; cat /etc/secret; sleep 100',
    {
      owner: 200000,
      namespaces: [
        { op: 'userNamespace', uidMap: map, gidMap: map },
        { op: 'oomScoreAdj', value: 200 },
        { op: 'newNamespaces', types: ['mount', 'uts', 'ipc', 'net', 'pid', 'cgroup'] },
      ],
      mounts: MOUNTS,
      more: ['null', 'zero'].map((name) => bind(`/dev/${name}`, `/dev/${name}`)),
    },
  );
  await until('it has printed', () => container.log().stderr.includes('secret'));
  assert.equal(container.log().stdout.replaceAll(/ +/g, ' '), '0\n 0 200000 65536\n0\n200\n');
  assert.match(container.log().stderr, /secret': Permission denied/);
  assert.equal(statSync(join(lab.dir, 'snapshots/1/fs/tmp/mine')).uid, 200000);
  const exec = await container.exec([
    { op: 'oomScoreAdj', value: 300 },
    sh('id -u; cat /proc/self/uid_map /proc/self/oom_score_adj; touch /tmp/too'),
  ]);
  assert.equal((await collect(exec.output)).stdout.replaceAll(/ +/g, ' '), '0\n 0 200000 65536\n300\n');
  assert.match(readFileSync(`/proc/${container.creation.pid}/status`, 'utf8'), /^Uid:\t200000\t/m);
});

test('control groups are entered before the first operation, execs too, and are the root of the namespace', async () => {
  await using lab = new Lab();
  const legacy = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup/freezer'].map(
    (dir) => `${dir}/gantry-shim-test-${process.pid}`,
  );
  const unified = `/sys/fs/cgroup/unified/gantry-shim-test-${process.pid}`;
  if (!existsSync('/sys/fs/cgroup/pids')) return;
  for (const dir of [...legacy, unified]) mkdirSync(dir);
  try {
    const container = await lab.run('cat /proc/self/cgroup; sleep 100', {
      namespaces: [
        { op: 'cgroup', unified, legacy },
        { op: 'newNamespaces', types: ['mount', 'pid', 'cgroup'] },
      ],
    });
    await until('it has printed', () => container.log().stdout.includes('0::'));
    const lines = container.log().stdout.split('\n');
    assert.ok(lines.includes('0::/'), 'unified');
    assert.ok(
      lines.some((line) => line.endsWith(':pids:/')),
      'pids',
    );
    assert.ok(
      lines.some((line) => line.endsWith(':freezer:/')),
      'freezer',
    );
    const exec = await container.shim.exec(ctx, {
      id: 'x',
      tty: false,
      stdin: false,
      output: true,
      cgroup: { unified, legacy },
      program: [sh('sleep 100 & wait')],
    });
    const ended = collect(exec.output);
    await until('it is in', () => readFileSync(`${unified}/cgroup.procs`, 'utf8').includes(String(exec.pid)));
    assert.ok(readFileSync(`${legacy[0]}/cgroup.procs`, 'utf8').includes(String(exec.pid)));
    await container.shim.signalAll(ctx, 9);
    assert.equal((await container.wait()).exitCode, 137);
    await ended;
    assert.equal((await exec.exit)?.exitCode, 137);
  } finally {
    await until('empty', () => {
      for (const dir of [...legacy, unified]) {
        try {
          rmdirSync(dir);
        } catch {
          if (existsSync(dir)) return false;
        }
      }
      return true;
    });
  }
});

test('without a pid namespace, what is left in the control group ends with init, and nobody waits for its pipes', async () => {
  await using lab = new Lab();
  const group = `/sys/fs/cgroup/unified/gantry-shim-host-${process.pid}`;
  mkdirSync(`${group}/sub`, { recursive: true });
  try {
    const container = await lab.run(
      'setsid sleep 1000 & setsid sh -c "echo \\$\\$; exec sleep 1001" & sleep 0.1; echo end; exit 4',
      {
        namespaces: [
          { op: 'cgroup', unified: group, legacy: [] },
          { op: 'newNamespaces', types: ['mount', 'uts', 'ipc', 'net'] },
        ],
      },
    );
    const { code, stdout } = await container.finish();
    assert.equal(code, 4);
    assert.match(stdout, /^\d+\nend\n$/);
    await until('the shim is gone', () => !alive(container.creation.shimPid));
    await until('the group is empty', () => readFileSync(`${group}/cgroup.procs`, 'utf8') === '');
  } finally {
    rmdirSync(`${group}/sub`);
    await until('removed', () => {
      try {
        rmdirSync(group);
      } catch {}
      return !existsSync(group);
    });
  }
});

test('with the host’s pid namespace and a background process, the end is not waited for long', async () => {
  await using lab = new Lab();
  const container = await lab.run('setsid sleep 3 & echo end; exit 4', {
    namespaces: [{ op: 'newNamespaces', types: ['mount', 'uts'] }],
  });
  const begun = Date.now();
  assert.deepEqual(await container.finish(), { code: 4, stdout: 'end\n', stderr: '' });
  assert.ok(Date.now() - begun < 2000);
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

test('nothing in a container says where it came from', async () => {
  await using lab = new Lab();
  const container = await lab.run('cat /proc/1/environ; cat /proc/self/mounts', {
    mounts: [...MOUNTS, ...devices()],
  });
  const { stdout } = await container.finish();
  assert.ok(stdout.startsWith(ENV.join('\0')));
  assert.ok(!/oldroot|gantry-shim-.*rootfs/.test(stdout.replace(/(lower|upper|work)dir=[^, ]*/g, '')));
});
