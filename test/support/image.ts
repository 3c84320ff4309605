import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const OCI = 'application/vnd.oci.image';

/** A blob of a test image, with its descriptor's fields. */
export interface TestBlob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly bytes: Buffer;
}

/** An image in memory: what a registry would serve. */
export interface TestImage {
  readonly manifest: TestBlob;
  readonly config: TestBlob;
  readonly layers: readonly TestBlob[];
  /** Digests of the uncompressed layers. */
  readonly diffIds: readonly string[];
}

export interface ImageOptions {
  /** Bottom first; each a map of path → content, or a finished tar. */
  readonly layers?: readonly (Readonly<Record<string, string>> | Buffer)[];
  /** The `config` object of the image: Cmd, Env, Labels … */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly platform?: { os: string; architecture: string; variant?: string };
  readonly compress?: boolean;
}

export function sha256(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function blobOf(mediaType: string, content: Buffer | string | object): TestBlob {
  const text = typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content);
  const bytes = Buffer.from(text);
  return { mediaType, digest: sha256(bytes), size: bytes.byteLength, bytes };
}

/** Builds an OCI image out of files given as text. */
export function makeImage(options: ImageOptions = {}): TestImage {
  const tars = (options.layers ?? [{ 'hello.txt': 'hello\n' }]).map((layer) =>
    Buffer.isBuffer(layer) ? layer : tarOfFiles(layer),
  );
  const compress = options.compress ?? true;
  const layers = tars.map((tar) =>
    compress
      ? blobOf(`${OCI}.layer.v1.tar+gzip`, gzipSync(tar, { level: 1 }))
      : blobOf(`${OCI}.layer.v1.tar`, tar),
  );
  const diffIds = tars.map((tar) => sha256(tar));
  const config = blobOf(`${OCI}.config.v1+json`, {
    created: '2024-01-01T00:00:00Z',
    ...(options.platform ?? { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }),
    config: { Cmd: ['/bin/true'], ...options.config },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, i) => ({ created: '2024-01-01T00:00:00Z', created_by: `layer ${i}` })),
  });
  const manifest = blobOf(`${OCI}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptorOf(config),
    layers: layers.map(descriptorOf),
  });
  return { manifest, config, layers, diffIds };
}

/** An index of images, one per platform. */
export function makeIndex(
  entries: readonly { image: TestImage; platform: { os: string; architecture: string; variant?: string } }[],
): TestBlob {
  return blobOf(`${OCI}.index.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: entries.map(({ image, platform }) => ({ ...descriptorOf(image.manifest), platform })),
  });
}

export function descriptorOf({ mediaType, digest, size }: TestBlob): {
  mediaType: string;
  digest: string;
  size: number;
} {
  return { mediaType, digest, size };
}

/** Every blob of an image, its manifest included. */
export function blobsOf(image: TestImage): TestBlob[] {
  return [image.manifest, image.config, ...image.layers];
}

/** Writes an OCI image layout whose entry `name` is `top`. */
export function writeLayout(dir: string, blobs: readonly TestBlob[], top: TestBlob, name = 'latest'): void {
  mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
  for (const blob of [...blobs, top])
    writeFileSync(join(dir, 'blobs/sha256', blob.digest.slice(7)), blob.bytes);
  writeFileSync(join(dir, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const entry = { ...descriptorOf(top), annotations: { 'org.opencontainers.image.ref.name': name } };
  writeFileSync(join(dir, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
}

/** An uncompressed tar of the tree under `dir`, owned by root. */
export function tarOfDirectory(dir: string): Buffer {
  const args = [
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mtime=@0',
    '-cf',
    '-',
    '-C',
    dir,
  ];
  return execFileSync('tar', [...args, '.'], { maxBuffer: 1 << 30 });
}

/** A tar of files given as path → content; a path ending in `/` is a directory. */
export function tarOfFiles(files: Readonly<Record<string, string>>): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'gantry-tar-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      const isDirectory = path.endsWith('/');
      mkdirSync(isDirectory ? join(dir, path) : dirname(join(dir, path)), { recursive: true });
      if (!isDirectory) writeFileSync(join(dir, path), content);
    }
    return tarOfDirectory(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
