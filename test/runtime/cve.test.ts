/*
 * One test for each published way out of a container, or into root, that a runtime has closed. What a shim alone decides
 * (which descriptors it keeps, how it mounts) is tested with it; here the whole path from settings to process is.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { after } from 'node:test';
import type { ContainerToLaunch } from '../../src/runtime/launch.ts';
import { LaunchFailure } from '../../src/runtime/launch-failure.ts';
import { Lab, logText, nothingLeft } from './lab.ts';
import type { Changes } from './settings.ts';

const lab = new Lab();
after(() => lab[Symbol.asyncDispose]());
let layers = 0;

/**
 * A container whose image has `link` as a symbolic link to `to`, in a layer of its own above the lab's tree. Links lead to
 * directories of the lab only, and nothing is ever listed or removed through them: what an escape would destroy, if it
 * succeeded, must be the test's own.
 */
function withLink(
  link: string,
  to: string,
  args: readonly string[],
  changes: Changes = {},
): ContainerToLaunch {
  const layer = `layer${++layers}`;
  mkdirSync(join(lab.dir, layer, dirname(link)), { recursive: true });
  symlinkSync(to, join(lab.dir, layer, link));
  const container = lab.container(args, changes);
  if (container.rootfs.kind !== 'overlay') throw new Error('the lab makes overlays');
  return { ...container, rootfs: { ...container.rootfs, lowerNames: [layer, 'base'] } };
}

/** A directory of the lab that plays the host's. */
function outside(name: string): string {
  const path = join(lab.dir, 'outside', name);
  mkdirSync(path, { recursive: true });
  return path;
}

async function runToEnd(container: ContainerToLaunch): Promise<string> {
  await lab.launch(container);
  await lab.ended(container);
  return logText(container);
}

test("CVE-2019-5736: the runtime's program cannot be opened for writing from inside", async () => {
  const output = await lab.sh('(: >> /proc/1/exe); (: >> /proc/self/exe)');
  assert.equal(output.match(/Text file busy|Permission denied/g)?.length, 2, output);
});

for (const target of ['proc', 'sys'] as const) {
  test(`CVE-2019-16884, CVE-2023-28642: a link in the place of /${target} is not followed`, async () => {
    const container = withLink(target, outside(target), ['true']);
    await assert.rejects(lab.launch(container), LaunchFailure);
    nothingLeft(container);
  });
}

test('CVE-2019-19921: a volume in the place of /proc is left as it is', async () => {
  const fake = outside('fake-proc');
  mkdirSync(join(fake, 'self/attr'), { recursive: true });
  await lab.sh('ls /proc', { mounts: [{ kind: 'bind', source: fake, target: '/proc', readonly: false }] });
  assert.deepEqual(readdirSync(join(fake, 'self/attr')), []);
});

test('CVE-2021-30465: a mount target that is a link out of the root stays inside', async () => {
  const host = outside('data');
  const source = outside('volume');
  writeFileSync(join(source, 'file'), 'volume\n');
  const container = withLink('data', host, ['sh', '-c', 'cat /data/file; readlink /data'], {
    mounts: [{ kind: 'bind', source, target: '/data', readonly: false }],
  });
  assert.equal(await runToEnd(container), `volume\n${host}\n`);
  assert.deepEqual(readdirSync(host), []);
});

test('CVE-2024-45310: making a mount target leaves no file on the host', async () => {
  const host = join(outside('empty'), 'made-on-the-host');
  const file = join(outside('files'), 'file');
  writeFileSync(file, 'x');
  const container = withLink('etc/target', `../../../../..${host}`, ['true'], {
    mounts: [{ kind: 'bind', source: file, target: '/etc/target', readonly: false }],
  });
  await runToEnd(container);
  assert.equal(existsSync(host), false);
});

test("CVE-2025-31133: masks do not come from the container's own /dev/null", async () => {
  const volume = join(outside('null'), 'dev-null');
  writeFileSync(volume, 'not the null device');
  const output = await lab.sh('cat /proc/keys /proc/timer_list', {
    mounts: [{ kind: 'bind', source: volume, target: '/dev/null', readonly: false }],
  });
  assert.equal(output, '');
});

test('CVE-2025-52565: a link in the place of /dev leads a terminal nowhere', async () => {
  const host = outside('dev');
  const container = withLink('dev', host, ['true'], { process: { args: ['true'], tty: true } });
  await runToEnd(container).catch((error) => assert.ok(error instanceof LaunchFailure, String(error)));
  assert.deepEqual(readdirSync(host), []);
});

for (const link of ['/proc/self/fd/3', '/proc/1/cwd/tmp']) {
  test(`CVE-2024-21626: ${link} as working directory does not lead to the host`, async () => {
    const container = lab.container(['pwd'], { process: { cwd: link } });
    await assert.rejects(lab.launch(container), LaunchFailure);
    nothingLeft(container);
  });
}

test('CVE-2025-52881: sysctls are written through a real procfs, whatever /proc is in the image', async () => {
  const fake = outside('sysctl-proc');
  const file = join(fake, 'sys/net/ipv4/ip_forward');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  await lab.sh('true', {
    mounts: [{ kind: 'bind', source: fake, target: '/proc', readonly: false }],
    sysctls: { 'net.ipv4.ip_forward': '1' },
  });
  assert.equal(readFileSync(file, 'utf8'), '');
});

test('CVE-2022-24769, CVE-2022-29162: no capability is inheritable', async () => {
  const output = await lab.sh(
    'grep CapInh /proc/self/status',
    { security: { capAdd: ['ALL'] } },
    { user: 'app' },
  );
  assert.equal(output, 'CapInh:\t0000000000000000\n');
});

test('CVE-2022-36109, CVE-2023-25173: supplementary groups are those of the container', async () => {
  assert.equal(await lab.sh('id -G', {}, { user: '1234:4321' }), '4321\n');
  assert.equal(await lab.sh('id -G', {}, { user: 'app' }), '1000 29\n');
});

for (const user of ['4294967296', '2147483648', '-1', '0:4294967295']) {
  test(`CVE-2024-40635, CVE-2026-46680: user ${user} is refused`, async () => {
    await assert.rejects(lab.launch(lab.container(['id'], {}, { user })), {
      kind: 'invalid',
      message: /uids and gids must be in range 0-2147483647/,
    });
  });
}

test('CVE-2026-30892: user 1 is user 1', async () => {
  assert.match(await lab.sh('id -u', {}, { user: '1' }), /^1$/m);
});

test("CVE-2021-21334: a container gets none of the daemon's environment", async () => {
  process.env['SECRET_OF_THE_DAEMON'] = 'x';
  try {
    assert.doesNotMatch(await lab.sh('env; tr "\\0" "\\n" < /proc/1/environ'), /SECRET/);
  } finally {
    delete process.env['SECRET_OF_THE_DAEMON'];
  }
});

test('CVE-2022-0492: control files of a cgroup cannot be opened for writing, nor cgroups mounted', async () => {
  // Opened for appending and nothing written: were it allowed, nothing of the host would change.
  const output = await lab.sh(
    'for f in /sys/fs/cgroup/*/notify_on_release; do (: >> $f); done; mount -t cgroup -o memory x /tmp',
  );
  for (const line of output.trim().split('\n')) {
    assert.match(line, /Read-only file system|Operation not permitted|permission denied/);
  }
});
