import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyboxTar, debianTar } from '../support/images.ts';
import { emptyDir, listTree, scratch, stack } from './lab.ts';

/** Extracts with GNU tar, everything it can. */
function extractWithGnu(tar: string, dir: string): string {
  mkdirSync(dir);
  const flags = ['--numeric-owner', '--same-owner', '-p', '--xattrs', '--xattrs-include=*', '-S'];
  execFileSync('tar', [...flags, '-C', dir, '-xf', tar], { stdio: ['ignore', 'ignore', 'inherit'] });
  return dir;
}

for (const [name, make] of [
  ['busybox', busyboxTar],
  ['Debian', debianTar],
] as const) {
  test(`a ${name} tree unpacks as GNU tar unpacks it`, async (t) => {
    const dir = scratch(t);
    const tar = make();
    const [layer = ''] = await stack(dir, [readFileSync(tar)]);
    const ours = listTree(layer);
    const theirs = listTree(extractWithGnu(tar, join(dir, 'gnu')));
    assert.ok(ours.length > 50);
    assert.deepEqual(ours, theirs);
  });
}

/** A tree with everything a filesystem can hold. */
function makeOddTree(dir: string): void {
  emptyDir(dir);
  const script = `
    set -e
    mkdir -p plain "deep/$(printf 'd%.0s' $(seq 120))/$(printf 'e%.0s' $(seq 120))" ro sticky setgid
    echo hello > plain/file; ln plain/file plain/link; ln plain/file deep/other
    printf 'x' > "$(printf 'raw-\\377-bytes')"; echo u > 'ünïcødé 名前'; echo n > "$(printf 'new\\nline')"
    ln -s plain/file sym; ln -s "$(printf 't%.0s' $(seq 300))" longsym; ln -s nowhere dangling
    mknod char c 1 3; mknod block b 8 255; mkfifo pipe; chmod 640 char
    cp /bin/true setuid; chmod 6755 setuid; chown 12:34 setuid; chmod 1777 sticky; chmod 2755 setgid; chown 5:6 setgid
    touch -d '1950-06-01 12:00:00.25 UTC' old; touch -d '2001-01-01 00:00:00.123456789 UTC' plain
    truncate -s 3M sparse; printf data | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
    printf tail | dd of=sparse bs=1 seek=2999000 conv=notrunc status=none; truncate -s 1M hole
    dd if=/dev/urandom of=big bs=1M count=3 status=none
    chown 3000000:4000000000 plain/file
    echo capable > capable; chown 7:8 capable
    python3 - <<'PY'
import os, struct
os.setxattr('capable', 'security.capability', struct.pack('<IIIII', 0x02000001, 0x400, 0, 0, 0))
os.setxattr('plain', 'user.note', b'\\0binary\\n=\\xff')
os.setxattr('setgid', 'system.posix_acl_default', struct.pack('<I', 2) + b''.join(struct.pack('<HHI', t, p, 0xffffffff) for t, p in ((1, 7), (4, 5), (0x20, 5))))
PY
    echo inside > setgid/child; chmod 555 ro
  `;
  execFileSync('bash', ['-c', script], { cwd: dir, stdio: ['ignore', 'inherit', 'inherit'] });
}

const DIALECTS: readonly { name: string; flags: readonly string[] }[] = [
  { name: 'PAX', flags: ['--format=posix'] },
  { name: 'GNU', flags: ['--format=gnu'] },
  { name: 'PAX, sparse 1.0', flags: ['--format=posix', '-S', '--sparse-version=1.0'] },
  { name: 'PAX, sparse 0.1', flags: ['--format=posix', '-S', '--sparse-version=0.1'] },
  { name: 'PAX, sparse 0.0', flags: ['--format=posix', '-S', '--sparse-version=0.0'] },
  { name: 'GNU, sparse', flags: ['--format=gnu', '-S'] },
];

function holes(dir: string): string[] {
  const lines = listTree(dir, { blocks: true, mtimes: false });
  return lines.filter((line) => /^\.\/(?:sparse|hole) /.test(line));
}

test('an odd tree survives every dialect of GNU tar', async (t) => {
  const dir = scratch(t);
  const tree = join(dir, 'tree');
  makeOddTree(tree);
  for (const { name, flags } of DIALECTS) {
    const tar = join(dir, `${name}.tar`);
    const xattrs = flags.includes('--format=posix') ? ['--xattrs', '--xattrs-include=*'] : [];
    execFileSync('tar', [...flags, ...xattrs, '--numeric-owner', '-C', tree, '-cf', tar, '.']);
    const [layer = ''] = await stack(emptyDir(join(dir, `ours ${name}`)), [readFileSync(tar)]);
    const ours = listTree(layer);
    assert.deepEqual(ours, listTree(extractWithGnu(tar, join(dir, `gnu ${name}`))), name);
    if (xattrs.length > 0) assert.deepEqual(ours, listTree(tree), `${name}: as the original`);
    if (flags.includes('-S')) assert.deepEqual(holes(layer), holes(tree), `${name}: holes`);
  }
});
