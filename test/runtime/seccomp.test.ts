import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { facts, Lab } from './lab.ts';
import type { Changes } from './settings.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());

const FLAGS = [
  '-static',
  '-nostdlib',
  '-ffreestanding',
  '-fno-stack-protector',
  '-fno-pie',
  '-no-pie',
  '-O1',
];
/** Builds the probe for `bits`; false where the compiler cannot. */
function build(bits: 32 | 64): boolean {
  const source = join(import.meta.dirname, 'probe.c');
  const output = join(lab.base, `bin/probe${bits}`);
  return spawnSync('cc', [`-m${bits}`, ...FLAGS, '-o', output, source]).status === 0;
}
const built = { 32: facts.arch === 'amd64' && build(32), 64: facts.arch === 'amd64' && build(64) };
const skip = (bits: 32 | 64) =>
  built[bits] ? false : `no compiler for ${bits}-bit x86 programs, or another architecture`;

async function probe(bits: 32 | 64, calls: string[], changes: Changes = {}): Promise<number[]> {
  const { output } = await lab.run([`probe${bits}`, ...calls], changes);
  return output.trim().split('\n').map(Number);
}

const EPERM = -1;
const EBADF = -9;
const EAFNOSUPPORT = -97;
const ENOSYS = -38;
const X32 = 0x40000000;
const AF_INET = 2;
const AF_ALG = 38;
const AF_VSOCK = 40;

test('the kernel takes the default filter and decides as the profile means it', {
  skip: skip(64),
}, async () => {
  const calls = [
    `41:${AF_INET}:1`,
    `41:${AF_ALG}:5`,
    `41:${AF_VSOCK}:1`,
    '135:4294967295',
    '135:1',
    '165',
    '272:268435456',
    '56:268435456',
    '435',
    '250',
    '3:99',
    '10000',
  ];
  const [inet = -1, alg, vsock, persona, other, mount, unshare, cloneUser, clone3, keyctl, close, newer] =
    await probe(64, calls);
  assert.ok(inet >= 3, `socket(AF_INET) is ${inet}`);
  assert.deepEqual({ alg, vsock }, { alg: EPERM, vsock: EPERM });
  assert.deepEqual({ persona, other }, { persona: 0, other: EPERM });
  assert.deepEqual(
    { mount, unshare, cloneUser, keyctl },
    { mount: EPERM, unshare: EPERM, cloneUser: EPERM, keyctl: EPERM },
  );
  assert.deepEqual({ clone3, newer, close }, { clone3: ENOSYS, newer: ENOSYS, close: EBADF });
});

test('the same for 32-bit programs', { skip: skip(32) }, async () => {
  const [inet = -1, alg, mount, unshare, close, clone3, newer] = await probe(32, [
    `359:${AF_INET}:1`,
    `359:${AF_ALG}:5`,
    '21',
    '310:268435456',
    '6:99',
    '435',
    '10000',
  ]);
  assert.ok(inet >= 3, `socket(AF_INET) is ${inet}`);
  assert.deepEqual(
    { alg, mount, unshare, close, clone3, newer },
    { alg: EPERM, mount: EPERM, unshare: EPERM, close: EBADF, clone3: ENOSYS, newer: ENOSYS },
  );
});

test('the x32 interface does not lead around the filter', { skip: skip(64) }, async () => {
  const [mount, alg, close, keyctl] = await probe(64, [
    `${X32 + 165}`,
    `${X32 + 41}:${AF_ALG}:5`,
    `${X32 + 3}:99`,
    `${X32 + 250}`,
  ]);
  // A kernel built without x32 knows none of its numbers, but the filter is asked first.
  assert.deepEqual({ mount, alg, keyctl }, { mount: EPERM, alg: EPERM, keyctl: EPERM });
  assert.ok(close === EBADF || close === ENOSYS, String(close));
});

test('a program of an architecture that a profile does not cover is killed', { skip: skip(32) }, async () => {
  const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86_64'] });
  const changes = { security: { securityOpt: [`seccomp=${profile}`] } };
  const { exit } = await lab.run(['sh', '-c', 'probe32 6:99; exit $?'], changes);
  assert.equal(exit.exitCode, 128 + 31);
});

test('a capability opens what the profile ties to it', { skip: skip(64) }, async () => {
  const [unshare = -1, clone3] = await probe(64, ['272:134217728', '435'], {
    security: { capAdd: ['SYS_ADMIN'] },
  });
  assert.equal(unshare, 0, 'unshare(CLONE_NEWIPC)');
  assert.notEqual(clone3, ENOSYS);
});

test('unconfined is without a filter', { skip: skip(64) }, async () => {
  const [alg = 0] = await probe(64, [`41:${AF_ALG}:5`], {
    security: { securityOpt: ['seccomp=unconfined'] },
  });
  assert.ok(alg >= 3 || alg === EAFNOSUPPORT, String(alg));
});
