import assert from 'node:assert/strict';
import { chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ProcessOp } from '../../src/kernel/shim-ops.ts';
import { ctx, Lab, printed, sh } from './lab.ts';

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
