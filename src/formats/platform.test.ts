import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPlatform, hostPlatform, parsePlatform, platformRank, runnablePlatforms } from './platform.ts';

const HOST = { os: 'linux', architecture: 'amd64' };

const PARSED: { in: string; want: string }[] = [
  { in: 'linux/amd64', want: 'linux/amd64' },
  { in: 'linux/x86_64', want: 'linux/amd64' },
  { in: 'Linux/X86-64', want: 'linux/amd64' },
  { in: 'linux/amd64/v1', want: 'linux/amd64' },
  { in: 'linux/amd64/v3', want: 'linux/amd64/v3' },
  { in: 'linux/amd64/3', want: 'linux/amd64/v3' },
  { in: 'linux/arm64', want: 'linux/arm64/v8' },
  { in: 'linux/aarch64', want: 'linux/arm64/v8' },
  { in: 'linux/arm64/v9', want: 'linux/arm64/v9' },
  { in: 'linux/arm', want: 'linux/arm/v7' },
  { in: 'linux/armhf', want: 'linux/arm/v7' },
  { in: 'linux/armel', want: 'linux/arm/v6' },
  { in: 'linux/arm/6', want: 'linux/arm/v6' },
  { in: 'linux/i386', want: 'linux/386' },
  { in: 'linux/riscv64', want: 'linux/riscv64' },
  { in: 'macos/arm64', want: 'darwin/arm64/v8' },
  { in: 'linux', want: 'linux/amd64' },
  { in: 'windows', want: 'windows/amd64' },
  { in: 'arm64', want: 'linux/arm64/v8' },
  { in: 's390x', want: 'linux/s390x' },
];
for (const row of PARSED) {
  test(`platform ${row.in}`, () => assert.equal(formatPlatform(parsePlatform(row.in, HOST)), row.want));
}

for (const text of [
  '',
  '/',
  'linux/',
  '/amd64',
  'linux/arm/v7/x',
  'linux/a b',
  'linux/\n',
  `linux/${'a'.repeat(65)}`,
]) {
  test(`no platform: ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.throws(() => parsePlatform(text, HOST), { kind: 'invalid', message: /^invalid platform / });
  });
}

// containerd's order: own variant, lower variants, the 32-bit relative.
const RUNS: { on: string; want: string }[] = [
  { on: 'linux/amd64', want: 'amd64 386' },
  { on: 'linux/amd64/v3', want: 'amd64/v3 amd64/v2 amd64 386' },
  { on: 'linux/arm/v7', want: 'arm/v7 arm/v6 arm/v5' },
  { on: 'linux/arm/v5', want: 'arm/v5' },
  { on: 'linux/arm64', want: 'arm64/v8 arm/v8 arm/v7 arm/v6 arm/v5' },
  { on: 'linux/arm64/v8.2', want: 'arm64/v8.2 arm64/v8.1 arm64/v8 arm/v8 arm/v7 arm/v6 arm/v5' },
  {
    on: 'linux/arm64/v9.1',
    want: 'arm64/v9.1 arm64/v9 arm64/v8.6 arm64/v8.5 arm64/v8.4 arm64/v8.3 arm64/v8.2 arm64/v8.1 arm64/v8 arm/v8 arm/v7 arm/v6 arm/v5',
  },
  { on: 'linux/riscv64', want: 'riscv64' },
  { on: 'linux/amd64/odd', want: 'amd64/odd 386' },
  { on: 'linux/arm/v4', want: 'arm/v4' },
];
for (const row of RUNS) {
  test(`what runs on ${row.on}`, () => {
    const found = runnablePlatforms(parsePlatform(row.on)).map((each) =>
      formatPlatform(each).replace('linux/', ''),
    );
    assert.equal(found.join(' '), row.want);
  });
}

test('a platform of another system or a higher variant does not run', () => {
  const rank = (candidate: string, wanted: string): number | undefined =>
    platformRank(parsePlatform(candidate), parsePlatform(wanted));
  assert.equal(rank('windows/amd64', 'linux/amd64'), undefined);
  assert.equal(rank('linux/amd64/v2', 'linux/amd64'), undefined);
  assert.equal(rank('linux/arm/v7', 'linux/arm/v6'), undefined);
  assert.equal(rank('linux/arm64', 'linux/arm64/v8'), 0);
  assert.equal(rank('linux/arm/v6', 'linux/arm/v7'), 1);
});

test("the host's platform in Go's names", () => {
  assert.equal(formatPlatform(hostPlatform('linux', 'x64')), 'linux/amd64');
  assert.equal(formatPlatform(hostPlatform('linux', 'arm64')), 'linux/arm64/v8');
  assert.equal(formatPlatform(hostPlatform('linux', 'riscv64')), 'linux/riscv64');
});
