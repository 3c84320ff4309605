import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Kept between runs: images that take long to make. */
const CACHE = resolve(import.meta.dirname, '../../.test/cache');

/** A root file system tar of busybox with all its applets, as `docker import` takes it. */
export function busyboxTar(): string {
  return cached('busybox.tar', (out) => {
    const root = mkdtempSync(join(tmpdir(), 'gantry-bb-'));
    try {
      for (const dir of ['bin', 'etc', 'tmp', 'root', 'home']) mkdirSync(join(root, dir));
      copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
      for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' })
        .trim()
        .split('\n')) {
        if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
      }
      writeFileSync(
        join(root, 'etc/passwd'),
        'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\nalice:x:1000:1000:Alice:/home/alice:/bin/sh\n',
      );
      writeFileSync(
        join(root, 'etc/group'),
        'root:x:0:\nnogroup:x:65534:\nalice:x:1000:\naudio:x:29:alice\n',
      );
      execFileSync('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', out, '.']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });
}

/** A Debian root file system with apt, procps and bash, made by mmdebstrap from the machine's own package sources. */
export function debianTar(): string {
  return cached('debian.tar', (out) => {
    execFileSync('mmdebstrap', ['--quiet', '--variant=apt', '--include=procps,bash', 'bookworm', out], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
}

function cached(name: string, make: (out: string) => void): string {
  const path = join(CACHE, name);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const temporary = `${path}.${process.pid}.tar`;
  make(temporary);
  renameSync(temporary, path);
  return path;
}
