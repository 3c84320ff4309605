import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Arch, SYSCALL_NAMES, syscallNumber } from '../../src/kernel/syscall-numbers.ts';

/* The numbers against the kernel's own headers, where they are installed (linux-libc-dev). arm64 uses the generic table. */
const HEADERS: { arch: Arch; path: string }[] = [
  { arch: 'x64', path: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h' },
  { arch: 'arm64', path: '/usr/include/asm-generic/unistd.h' },
];

/** Names that the generic table spells by word size. */
const GENERIC: Readonly<Record<string, string>> = {
  lseek: '3264_lseek',
  fcntl: '3264_fcntl',
  statfs: '3264_statfs',
  fstatfs: '3264_fstatfs',
  ftruncate: '3264_ftruncate',
};

for (const { arch, path } of HEADERS) {
  test(`syscall numbers of ${arch}`, { skip: !existsSync(path) && `${path} is not installed` }, () => {
    const header = readFileSync(path, 'utf8');
    for (const name of SYSCALL_NAMES) {
      const symbol = arch === 'arm64' ? (GENERIC[name] ?? `_${name}`) : `_${name}`;
      const match = new RegExp(`^#define __NR_?${symbol}\\s+(\\d+)`, 'm').exec(header);
      assert.ok(match, `${name} is not in the header`);
      assert.equal(syscallNumber(name, arch), Number(match[1]), name);
    }
  });
}
