import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUSYBOX = '/bin/busybox';

/** A root filesystem with a static busybox, as a tar archive in `path`; for `import`. */
export function writeBusyboxTar(path: string): void {
  const root = mkdtempSync(join(tmpdir(), 'gantry-rootfs-'));
  try {
    for (const dir of ['bin', 'etc', 'tmp', 'root']) mkdirSync(join(root, dir));
    cpSync(BUSYBOX, join(root, 'bin/busybox'));
    const applets = spawnSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).stdout.trim().split('\n');
    for (const applet of applets) {
      if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    }
    writeFileSync(
      join(root, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n',
    );
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
    spawnSync('tar', ['-C', root, '--mtime=2020-01-01', '--sort=name', '-cf', path, '.']);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
