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

/** Writes an OCI image layout of one gzip layer per tar below `dir`, tagged `latest`: what skopeo copies as `oci:DIR:latest`. */
export function ociLayout(
  dir: string,
  tars: readonly string[],
  config: Readonly<Record<string, unknown>>,
): void {
  const blobs = join(dir, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const sum = (file: string): string => execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64);
  const add = (file: string, mediaType: string): { mediaType: string; digest: string; size: number } => {
    const digest = sum(file);
    renameSync(file, join(blobs, digest));
    return {
      mediaType,
      digest: `sha256:${digest}`,
      size: Number(execFileSync('stat', ['-c%s', join(blobs, digest)], { encoding: 'utf8' })),
    };
  };
  const addJson = (value: unknown, mediaType: string): ReturnType<typeof add> => {
    const file = join(dir, 'json.tmp');
    writeFileSync(file, JSON.stringify(value));
    return add(file, mediaType);
  };
  const layers = tars.map((tar, i) => {
    const file = join(dir, `layer-${i}.tmp`);
    execFileSync('sh', ['-c', 'gzip -1 -n < "$0" > "$1"', tar, file]);
    return add(file, 'application/vnd.oci.image.layer.v1.tar+gzip');
  });
  const configBlob = addJson(
    {
      architecture: 'amd64',
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sum(tar)}`) },
      history: tars.map(() => ({ created_by: 'test' })),
    },
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = addJson(
    { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: configBlob, layers },
    'application/vnd.oci.image.manifest.v1+json',
  );
  writeFileSync(join(dir, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(
    join(dir, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'latest' } }],
    }),
  );
}
